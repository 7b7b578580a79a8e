"""Numbers with what they count, in English: one of it, or several.

The other languages that are spoken here do not change a noun behind a number, and
``core/explaining/retelling.py`` knows both forms of a sentence by the one with several.
"""

from __future__ import annotations

_ONE = {"people": "person", "points are": "point is", "points were": "point was"}
"""What is more than an ``s`` less for one."""


def counted(number: int | str, several: str) -> str:
    """Return a number and its noun: ``1 point``, ``2 points``; ``number`` may be written already."""
    return f"{number} {several}" if str(number) != "1" else f"1 {_ONE.get(several) or several[:-1]}"


def are(number: int | str) -> str:
    """Return the verb for so many: ``1 is`` missing, ``2 are``."""
    return f"{number} is" if str(number) == "1" else f"{number} are"
