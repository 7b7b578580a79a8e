"""Answers are stored as they were sent, with their usual phrases as one byte each.

JSON never holds a raw control character, so these stand for phrases, and an answer reads back byte
for byte. That costs a few microseconds, about what writing and logging the bytes would, and leaves less
than a third of them; a compressor leaves little less for several times the time. Long answers, of carts with
many rewards, have other phrases: those are compressed, once for every row that keeps them, before PostgreSQL
does it for each.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

_LONG = 2_000
"""From so many bytes on an answer is compressed: PostgreSQL would do it, and keep what is left elsewhere."""

_COMPRESSED = b"\x00"
"""Begins the stored form of a long answer: no JSON has that byte, and no phrase is stored as it."""

PHRASES = (
    b'","status":"paid","revision":1,"programs":[{"program":"',
    b'"}],"balances":[{"program":"',
    b':00:00Z","expires_at":"',
    b':00:00Z"},{"rule":"',
    b'","wallet":"points","points":',
    b',"available_at":"',
    b':00:00Z"}],"tier":"',
    b'},"awards":[{"rule":"',
    b',"points":{"points":',
    b'","wallet":"',
    b',"available":',
    b',"pending":',
    b'","customer":"',
    b'","version":',
)
"""The phrase number n is stored as the byte n: add behind, never change or move one. The long come first."""

_CODED = tuple((phrase, bytes([number])) for number, phrase in enumerate(PHRASES, 1))
_CODES = _COMPRESSED + bytes(range(1, len(PHRASES) + 1))


def shorten_answer(answer: bytes) -> bytes:
    """Return the stored form of an answer in JSON; raise ``ValueError`` if it is no JSON text."""
    if len(answer.translate(None, _CODES)) != len(answer):
        raise ValueError("an answer in JSON has no control characters")
    if len(answer) >= _LONG:
        return _compressed(answer)
    for phrase, code in _CODED:
        answer = answer.replace(phrase, code)
    return answer


@lru_cache(maxsize=256)
def _compressed(answer: bytes) -> bytes:
    """Return a long answer as it is stored; a batch writes it with its event and with what it is about."""
    return _COMPRESSED + zlib.compress(answer, 1)


def restore_answer(stored: bytes) -> bytes:
    """Return the answer that :func:`shorten_answer` was given."""
    if stored.startswith(_COMPRESSED):
        return zlib.decompress(stored[len(_COMPRESSED) :])
    if len(stored.translate(None, _CODES)) == len(stored):
        return stored
    for phrase, code in _CODED:
        stored = stored.replace(code, phrase)
    return stored
