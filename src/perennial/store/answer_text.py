"""Answers are stored as they were sent, with their usual phrases as one byte each.

JSON never holds a raw control character, so these stand for phrases, and an answer reads back byte
for byte. That costs a few microseconds, about what writing and logging the bytes would, and leaves less
than a third of them; a compressor leaves little less for several times the time.
"""

from __future__ import annotations

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
_CODES = bytes(range(1, len(PHRASES) + 1))


def shorten_answer(answer: bytes) -> bytes:
    """Return the stored form of an answer in JSON; raise ``ValueError`` if it is no JSON text."""
    if len(answer.translate(None, _CODES)) != len(answer):
        raise ValueError("an answer in JSON has no control characters")
    for phrase, code in _CODED:
        answer = answer.replace(phrase, code)
    return answer


def restore_answer(stored: bytes) -> bytes:
    """Return the answer that :func:`shorten_answer` was given."""
    if len(stored.translate(None, _CODES)) == len(stored):
        return stored
    for phrase, code in _CODED:
        stored = stored.replace(code, phrase)
    return stored
