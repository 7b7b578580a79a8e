"""What changed between two programs, in people's words.

Parts with an id are matched by it, so that moving a rule is not a change of every rule after it. They are
called by their names, fields by the labels of the forms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any, get_args, get_type_hints

import msgspec

from perennial.core.dates.schedule import Span, Window
from perennial.core.document.part_nouns import NOUN_OF, NOUNS
from perennial.core.document.program import Program
from perennial.core.explaining.changed_values import CASE, Place, Values
from perennial.core.labels import value_label
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.problems import join_path
from perennial.core.terms.conditions import HistoryWindow
from perennial.core.terms.limits import Limit

_LINE = 200


class Change(msgspec.Struct, frozen=True):
    """One difference: where (``earning_rules[base].points``), and what, in words."""

    path: str
    words: str


class _At(msgspec.Struct, frozen=True):
    """Where two values stand: their path, what people call the part around them, and the way into it."""

    path: str
    owner: str
    place: Place
    steps: tuple[str, ...] = ()


def diff(
    old: Program | None,
    new: Program,
    language: Language = ENGLISH,
    segments: Mapping[str, str] | None = None,
) -> list[Change]:
    """Return what changed from ``old`` to ``new`` (everything is new where ``old`` is ``None``).

    The words are in ``language``; ``segments`` are what segments are called, by their ids.
    """
    empty = Program(program=new.program, name=new.name, wallets=())
    values = Values(old or empty, new, language, segments or {})
    differ = _Differ(values)
    at = _At("", values.say("program"), Place())
    if old is None:
        words = values.say("program {program:called} is new", program=values.called(new.name))
        return [Change("", words), *differ.fields(at, empty, new)]
    return differ.fields(at, old, new)


class _Differ:
    """Walks two equal types side by side."""

    def __init__(self, values: Values) -> None:
        self.values = values

    def fields(self, at: _At, old: msgspec.Struct, new: msgspec.Struct) -> list[Change]:
        found: list[Change] = []
        hints = _hints(type(new))
        for field in msgspec.structs.fields(new):
            before, after = getattr(old, field.name), getattr(new, field.name)
            if before != after:
                name = field.encode_name
                label = self.values.label(new, name)
                found += self.value(
                    _At(
                        join_path(at.path, name),
                        at.owner,
                        at.place.inside(new, name, hints[field.name]),
                        (*at.steps, label),
                    ),
                    before,
                    after,
                )
        return found

    def value(self, at: _At, old: Any, new: Any) -> list[Change]:
        if at.path.startswith(CASE) and at.path.endswith((".steps", ".segments")):
            return [self._change(at, "other {field:field}")]
        if _is_long(old) or _is_long(new):
            what = "other {field:field}" if old and new else "{field:field} added" if new else _REMOVED
            return [self._change(at, what)]
        if isinstance(old, msgspec.Struct) and type(old) is type(new) and not _is_short(new):
            return self.fields(at, old, new)
        if isinstance(old, dict) and isinstance(new, dict):
            return self._mapping(at, old, new)
        if isinstance(old, tuple) and isinstance(new, tuple) and _have_ids(old + new):
            return self._list(at, old, new)
        if _are_alike(old, new):
            return [
                change
                for place, (before, after) in enumerate(zip(old, new, strict=True))
                if before != after
                for change in self.fields(_entry(at, place), before, after)
            ]
        if old is None and isinstance(new, msgspec.Struct) and (parts := _parts_with_ids(new)):
            return [self._change(at, "{field:field} added")] + [
                change
                for name, part in parts.items()
                for change in self._list(
                    _At(join_path(at.path, name), at.owner, at.place.inside(new, name, Any)), (), part
                )
            ]
        if new is None and isinstance(old, msgspec.Struct) and _parts_with_ids(old):
            return [self._change(at, _REMOVED)]
        return [self._moved(at, old, new)]

    def _mapping(self, at: _At, old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
        found: list[Change] = []
        for key in sorted({*old, *new}):
            hint = get_args(at.place.hint)[1:] or (Any,)
            here = _At(
                join_path(at.path, key),
                at.owner,
                at.place.keyed(key, hint[0]),
                (*at.steps, self.values.key(at.place, key)),
            )
            if key not in old or key not in new:
                found.append(self._moved(here, old.get(key), new.get(key)))
            elif old[key] != new[key]:
                found += self.value(here, old[key], new[key])
        return found

    def _list(self, at: _At, old: tuple[Any, ...], new: tuple[Any, ...]) -> list[Change]:
        noun = NOUN_OF.get(at.path.rsplit(".", 1)[-1], NOUNS[-1])
        before, after = {part.id: part for part in old}, {part.id: part for part in new}
        names = Counter(_name(part) for part in {**before, **after}.values())
        found: list[Change] = []
        for key, part in after.items():
            here = _At(f"{at.path}[{key}]", self._whole(at, noun, part, names), at.place)
            if key not in before:
                found.append(self._change(here, "{part:part} added"))
            elif type(before[key]) is not type(part):
                found.append(self._other_kind(here, before[key], part))
            elif before[key] != part:
                found += self.fields(here, before[key], part)
        for key, part in before.items():
            if key not in after:
                here = _At(f"{at.path}[{key}]", self._whole(at, noun, part, names), at.place)
                found.append(self._change(here, "{part:part} removed"))
        stayed = [key for key in before if key in after]
        if stayed != [key for key in after if key in before]:
            found.append(self._other_order(at, noun, after))
        return found

    def _whole(self, at: _At, noun: str, part: Any, names: Mapping[str, int]) -> str:
        """Return what people call a part, and in brackets the part that it stands in.

        Where another one of the list has the same name, as a copy has, its id tells them apart.
        """
        called = self.values.part(noun, _name(part))
        if names[_name(part)] > 1:
            called = self.values.behind(called, part.id)
        return self._inside(at, called)

    def _inside(self, at: _At, words: str) -> str:
        if at.owner == self.values.say("program"):
            return words
        return self.values.behind(words, at.owner)

    def _other_kind(self, at: _At, old: Any, new: Any) -> Change:
        kinds = (value_label(each.__struct_config__.tag, "", self._code) for each in (old, new))
        before, after = map(self.values.called, kinds)
        words = self.values.say(
            "{part:part}: kind changed from {old:text} to {new:text}", part=at.owner, old=before, new=after
        )
        return Change(at.path, words)

    def _other_order(self, at: _At, noun: str, parts: dict[str, Any]) -> Change:
        names = [self.values.called(getattr(each, "name", None) or key) for key, each in parts.items()]
        words = self.values.say(
            "{parts:nouns} are in another order: {order:text}",
            parts=self._inside(at, self.values.say(f"{noun}s")),
            order=self.values.language.separator.join(names),
        )
        return Change(at.path, words)

    def _change(self, at: _At, what: str) -> Change:
        """Say what became of a field of the part around it, or of the part."""
        if what.startswith("{part:part}"):
            return Change(at.path, self.values.say(what, part=at.owner))
        words = self.values.say(f"{{owner:part}}: {what}", owner=at.owner, field=self.values.way(at.steps))
        return Change(at.path, words)

    def _moved(self, at: _At, old: Any, new: Any) -> Change:
        given = {"owner": at.owner, "field": self.values.way(at.steps)}
        before, after = (self.values.value(each, at.place) for each in (old, new))
        if before is None:
            said = self.values.alone(new, at.place) or self.values.say("nothing")
            return Change(at.path, self.values.say(_SET, **given, new=said))
        if after is None:
            said = self.values.alone(old, at.place) or self.values.say("nothing")
            return Change(at.path, self.values.say(_TAKEN, **given, old=said))
        return Change(at.path, self.values.say(_MOVED, **given, old=before, new=after))

    @property
    def _code(self) -> str:
        return self.values.language.code


_REMOVED = "{field:field} removed"
_SET = "{owner:part}: {field:field} set to {new:text}"
_TAKEN = "{owner:part}: {field:field} removed (was {old:text})"
_MOVED = "{owner:part}: {field:field} changed from {old:text} to {new:text}"


@cache
def _hints(part: type) -> dict[str, Any]:
    return get_type_hints(part, include_extras=True)


def _name(part: Any) -> str:
    return str(getattr(part, "name", None) or getattr(part, "title", None) or part.id)


def _entry(at: _At, place: int) -> _At:
    return _At(f"{at.path}[{place}]", at.owner, at.place, at.steps)


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
