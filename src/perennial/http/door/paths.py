"""Paths, segment by segment: an id in a path obeys the same rules as an id in a body.

Ids may hold any character but control characters, a percent-encoded slash included. The router of
the application knows no such thing, so a slash (and the percent sign) inside a segment stays encoded
on its way through it and :func:`plain_segment` takes the encoding off again.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote_to_bytes

from perennial.flows.answers import FieldProblem
from perennial.http.door.asgi import Connection
from perennial.http.door.problems import bad_fields

MAX_SEGMENT = 200

_BAD = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def path_segments(scope: Connection) -> list[str]:
    """Return the decoded segments of the path, without the empty one before the first slash.

    Raises a 422 for what is not UTF-8, for control characters and for segments of more than 200
    characters. Text comes out in Unicode normal form C.
    """
    raw: bytes = scope["raw_path"].partition(b"?")[0]
    if b"%" not in raw and len(raw) <= MAX_SEGMENT and raw.isascii():
        path = raw.decode()
        if path.isprintable():
            return path.split("/")[1:]
    segments = [_segment(part) for part in raw.split(b"/")]
    return segments[1:]


def _segment(raw: bytes) -> str:
    try:
        text = (unquote_to_bytes(raw) if b"%" in raw else raw).decode()
    except UnicodeDecodeError:
        raise _wrong("not_utf8", "is not UTF-8") from None
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if len(text) > MAX_SEGMENT:
        raise _wrong("too_long", f"has more than {MAX_SEGMENT} characters")
    if found := _BAD.search(text):
        raise _wrong("control_character", f"holds the control character U+{ord(found[0]):04X}")
    return text


def _wrong(code: str, message: str) -> Exception:
    return bad_fields(422, FieldProblem(path="path", code=code, message=message))


def routed_path(segments: list[str]) -> str:
    """Return the path for the router: slashes and percent signs inside segments stay encoded."""
    return "/" + "/".join(segment.replace("%", "%25").replace("/", "%2F") for segment in segments)


def plain_segment(segment: str) -> str:
    """Return a segment that came through the router as the caller meant it."""
    return segment.replace("%2F", "/").replace("%25", "%") if "%" in segment else segment
