"""Changing one part of a draft, and leaving the rest of its author's text as it is.

In YAML only the lines of that part are written anew, so that comments elsewhere stay. Where a text is laid
out in another way, or is JSON, the whole of it is written anew. Either way what is read out of the new text
is what was meant, which is checked before it is returned.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from perennial.core.document.document import render
from perennial.core.document.text import parse_text

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def with_part(text: str, name: str, value: Any) -> str:
    """Return a readable draft with its part ``name`` replaced by plain ``value``, or without it for None.

    Raises ``ValueError`` for a text that is no document.
    """
    data, problems = parse_text(text)
    if not isinstance(data, dict) or problems:
        raise ValueError("the text is no document")
    wanted = {key: part for key, part in data.items() if key != name or value is not None}
    if value is not None:
        wanted[name] = value
    plain = _plain(wanted)
    if text.lstrip().startswith("{"):
        return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
    edited = _in_place(text, name, None if value is None else plain[name])
    return edited if edited is not None and parse_text(edited) == (plain, []) else render(plain)


def _plain(value: Any) -> Any:
    """Return plain data whose texts are plain ones: a number with a fraction is written as text."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, str) else value


def _in_place(text: str, name: str, value: Any) -> str | None:
    """Return the text with the lines of one part replaced, as far as lines tell where it is."""
    root = yaml.compose(text, Loader=_Loader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return None
    lines = text.split("\n")
    written = [] if value is None else render({name: value}).rstrip("\n").split("\n")
    starts = [(key.value, key.start_mark.line) for key, _ in root.value]
    place = next((index for index, (key, _) in enumerate(starts) if key == name), None)
    if place is None:
        while lines and not lines[-1].strip():
            lines.pop()
        return "\n".join([*lines, "", *written, ""])
    first = starts[place][1]
    last = starts[place + 1][1] if place + 1 < len(starts) else len(lines)
    while last > first + 1 and (not lines[last - 1].strip() or lines[last - 1].startswith("#")):
        last -= 1  # what stands above the next part belongs to it
    return "\n".join([*lines[:first], *written, *lines[last:]])
