"""What changed between two programs, in people's words.

Parts with an id are matched by it, so that moving a rule is not a change of every rule after it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from perennial.core.dates.schedule import Span, Window
from perennial.core.document.document import plain_of
from perennial.core.document.program import Program
from perennial.core.problems import join_path
from perennial.core.terms.conditions import HistoryWindow
from perennial.core.terms.limits import Limit

_NAMES = {
    "wallets": "wallet",
    "earning_rules": "rule",
    "limits": "shared limit",
    "campaigns": "campaign",
    "rewards": "reward",
    "messages": "message",
    "levels": "tier",
    "challenges": "challenge",
    "goals": "goal",
    "metrics": "metric",
    "experiments": "experiment",
    "holdouts": "holdout",
    "variants": "variant",
    "offers": "offer",
    "cases": "test case",
}

NOUNS = (*_NAMES.values(), "part")
"""What parts of a program are called."""

_CASE = "test case "
_LINE = 200


class Change(msgspec.Struct, frozen=True):
    """One difference: where (``earning_rules[base].points``), and what, in words."""

    path: str
    words: str


def diff(old: Program | None, new: Program) -> list[Change]:
    """Return what changed from ``old`` to ``new`` (everything is new where ``old`` is ``None``)."""
    if old is None:
        return [Change("", f"program {new.program} is new"), *_describe_new(new)]
    return _Differ().fields("", "program", old, new)


def _describe_new(new: Program) -> list[Change]:
    differ = _Differ()
    empty = Program(program=new.program, name=new.name, wallets=())
    return differ.fields("", "program", empty, new)


class _Differ:
    """Walks two equal types side by side; ``owner`` names the nearest part with an id."""

    def fields(self, path: str, owner: str, old: msgspec.Struct, new: msgspec.Struct) -> list[Change]:
        found: list[Change] = []
        for field in msgspec.structs.fields(new):
            before, after = getattr(old, field.name), getattr(new, field.name)
            if before != after:
                found += self.value(join_path(path, field.encode_name), owner, before, after)
        return found

    def value(self, path: str, owner: str, old: Any, new: Any) -> list[Change]:
        if owner.startswith(_CASE) and path.endswith((".steps", ".segments")):
            return [Change(path, f"{owner}: other {_words_of(path)}")]
        if _is_long(old) or _is_long(new):
            what = "other {}" if old and new else "{} added" if new else "{} removed"
            return [Change(path, f"{owner}: {what.format(_words_of(path))}")]
        if isinstance(old, msgspec.Struct) and type(old) is type(new) and not _is_short(new):
            return self.fields(path, owner, old, new)
        if isinstance(old, dict) and isinstance(new, dict):
            return self._mapping(path, owner, old, new)
        if isinstance(old, tuple) and isinstance(new, tuple) and _have_ids(old + new):
            return self._list(path, owner, old, new)
        if _are_alike(old, new):
            return [
                change
                for place, (before, after) in enumerate(zip(old, new, strict=True))
                if before != after
                for change in self.fields(f"{path}[{place}]", owner, before, after)
            ]
        if old is None and isinstance(new, msgspec.Struct) and (parts := _parts_with_ids(new)):
            added = [Change(path, f"{owner}: {_words_of(path)} added")]
            return added + [
                change
                for name, part in parts.items()
                for change in self._list(join_path(path, name), owner, (), part)
            ]
        return [Change(path, f"{owner}: {_words_of(path)} {_move(old, new)}")]

    def _mapping(self, path: str, owner: str, old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
        found: list[Change] = []
        for key in sorted({*old, *new}):
            here = join_path(path, key)
            if key not in old or key not in new:
                found.append(Change(here, f"{owner}: {_words_of(here)} {_move(old.get(key), new.get(key))}"))
            elif old[key] != new[key]:
                found += self.value(here, owner, old[key], new[key])
        return found

    def _list(self, path: str, owner: str, old: tuple[Any, ...], new: tuple[Any, ...]) -> list[Change]:
        name = _NAMES.get(path.rsplit(".", 1)[-1], NOUNS[-1])
        inside = "" if owner == "program" else f" ({owner})"
        before, after = {part.id: part for part in old}, {part.id: part for part in new}
        found: list[Change] = []
        for key, part in after.items():
            here, whole = f"{path}[{key}]", f"{name} {key}{inside}"
            if key not in before:
                found.append(Change(here, f"{whole} added"))
            elif type(before[key]) is not type(part):
                old_kind, new_kind = before[key].__struct_config__.tag, part.__struct_config__.tag
                found.append(Change(here, f"{whole}: kind changed from {old_kind} to {new_kind}"))
            elif before[key] != part:
                found += self.fields(here, whole, before[key], part)
        found += [
            Change(f"{path}[{key}]", f"{name} {key}{inside} removed") for key in before if key not in after
        ]
        stayed = [key for key in before if key in after]
        if stayed != [key for key in after if key in before]:
            order = ", ".join(after)
            found.append(Change(path, f"{name}s{inside} are in another order: {order}"))
        return found


def _parts_with_ids(whole: msgspec.Struct) -> dict[str, tuple[Any, ...]]:
    values = {field.encode_name: getattr(whole, field.name) for field in msgspec.structs.fields(whole)}
    return {name: value for name, value in values.items() if isinstance(value, tuple) and _have_ids(value)}


def _have_ids(parts: tuple[Any, ...]) -> bool:
    return bool(parts) and all(isinstance(part, msgspec.Struct) and hasattr(part, "id") for part in parts)


def _are_alike(old: Any, new: Any) -> bool:
    """Whether both are lists of as many parts of the same kinds, such as the benefits of a reward."""
    return (
        isinstance(old, tuple)
        and isinstance(new, tuple)
        and len(old) == len(new)
        and all(
            isinstance(before, msgspec.Struct) and type(before) is type(after) and not _is_short(before)
            for before, after in zip(old, new, strict=True)
        )
    )


def _is_short(value: msgspec.Struct) -> bool:
    """Spans, windows and the like read better whole than field by field."""
    return isinstance(value, Span | HistoryWindow | Limit | Window)


def _is_long(value: Any) -> bool:
    """Whether a text takes more than a line of its own: a template, and nothing to be read in a sentence."""
    return isinstance(value, str) and (len(value) > _LINE or "\n" in value)


def _words_of(path: str) -> str:
    """Return the part of a path behind the last part with an id: ``expiry.after`` -> ``expiry after``."""
    return path.rsplit("]", 1)[-1].lstrip(".").replace(".", " ").replace("_", " ")


def _move(old: Any, new: Any) -> str:
    before, after = _say(old), _say(new)
    if before == "nothing":
        return f"set to {after}"
    if after == "nothing":
        return f"removed (was {before})"
    return f"changed from {before} to {after}"


def _say(value: Any) -> str:
    """Say a value in one line: spans as a person would, everything else as it stands in YAML."""
    if value is None or value == ():
        return "nothing"
    plain = plain_of(value)
    if isinstance(value, Span):
        parts = [f"{number} {unit if number > 1 else unit[:-1]}" for unit, number in plain.items()]
        return " ".join(parts) or "no time"
    return _flow(plain)


def _flow(plain: Any) -> str:
    if isinstance(plain, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in plain.items()) + "}"
    if isinstance(plain, list):
        return "[" + ", ".join(_flow(item) for item in plain) + "]"
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    return str(plain)
