"""The exact quantities that every room speaks in: points, money, instants, ids.

No floats, no clock and no randomness live here: a time or an id is always handed in.

* **Points and money** are plain ``int``: points in the smallest part of a unit, money in the minor
  unit of its currency (ISO 4217).
* **Instants** are ``int`` microseconds since 1970-01-01T00:00:00Z. Integers compare and add faster
  than ``datetime`` objects, cannot be naive, and cannot carry a foreign zone by mistake.
* **Ids** are UUIDs. The id of a thing that the caller names is hashed from the caller's own id
  (version 8), so that finding it needs no read; other ids are time-ordered (version 7).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID
from zlib import crc32

Instant = int
Points = int
Minor = int

SECOND: Instant = 1_000_000
MINUTE: Instant = 60 * SECOND
HOUR: Instant = 60 * MINUTE
DAY: Instant = 24 * HOUR

MAX_AMOUNT = 10**15
"""No single amount of points or money passes this bound, so that sums stay far inside a bigint."""

EARLIEST: Instant = -2_208_988_800 * SECOND
"""1900-01-01T00:00:00Z: the first instant that we accept."""

LATEST: Instant = 7_258_118_400 * SECOND - 1
"""The last microsecond of 2199 in UTC: the last instant that we accept."""

_VERSION_8 = 0x8 << 76 | 0x2 << 62
"""The version and variant bits of a UUID of version 8."""

_FREE_BITS = (1 << 128) - 1 & ~(0xF << 76 | 0x3 << 62)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Rounding(StrEnum):
    """How a fraction becomes a whole number; ``half_up`` rounds a half away from zero."""

    DOWN = "down"
    HALF_UP = "half_up"
    UP = "up"


# Python 3.11 looks a member of an enumeration up slowly, and this is asked for every award.
_DOWN, _HALF_UP = Rounding.DOWN, Rounding.HALF_UP


def format_units(amount: int, places: int) -> str:
    """Write ``amount``, counted in units of ``places`` decimals, as a decimal (4599 with 2: ``45.99``)."""
    if not places:
        return str(amount)
    whole, rest = divmod(abs(amount), 10**places)
    return f"{'-' if amount < 0 else ''}{whole}.{rest:0{places}d}"


def divide(numerator: int, denominator: int, rounding: Rounding = Rounding.DOWN) -> int:
    """Return ``numerator / denominator`` as a whole number, exactly rounded.

    Rounding is symmetric around zero (``down`` means toward zero), so that a reversal of an amount
    is the negative of the amount. The denominator must be positive.
    """
    size = abs(numerator)
    if rounding is _DOWN:
        quotient = size // denominator
    elif rounding is _HALF_UP:
        quotient = (2 * size + denominator) // (2 * denominator)
    else:
        quotient = -(-size // denominator)
    return quotient if numerator >= 0 else -quotient


_FEW = 4
"""So few parts are found faster one by one than by sorting."""


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split ``total`` in proportion to ``weights`` by largest remainder; ties go to the earlier part.

    The parts always sum to ``total``. Weights must not be negative; if they are all zero, all parts count
    the same (an empty list of weights needs a total of zero).
    """
    if not weights:
        if total:
            raise ValueError("nothing to allocate to")
        return []
    whole = sum(weights)
    if whole == 0:
        return allocate(total, [1] * len(weights))
    if total < 0:
        return [-part for part in allocate(-total, weights)]
    return share_out(total, weights, whole)


def share_out(total: int, weights: Sequence[int], whole: int) -> list[int]:
    """Return what :func:`allocate` does; ``whole``, above 0, is the sum of all, ``total`` at least 0."""
    products = [total * weight for weight in weights]
    parts = [product // whole for product in products]
    missing = total - sum(parts)
    if not missing:
        return parts
    remainders = [product % whole for product in products]
    if missing > _FEW:
        # Sorting is stable, in reverse as well: of equal remainders the earlier part comes first.
        for index in sorted(range(len(parts)), key=remainders.__getitem__, reverse=True)[:missing]:
            parts[index] += 1
        return parts
    while missing:
        index = remainders.index(max(remainders))
        remainders[index] = -1
        parts[index] += 1
        missing -= 1
    return parts


def instant_of(moment: datetime) -> Instant:
    """Return the instant of an aware ``datetime``, exact to the microsecond."""
    return (moment - _EPOCH) // _MICROSECOND


def datetime_of(instant: Instant) -> datetime:
    """Return ``instant`` as an aware ``datetime`` in UTC."""
    return _EPOCH + timedelta(microseconds=instant)


def parse_instant(text: str) -> Instant:
    """Read an RFC 3339 instant with an offset; raise ``ValueError`` outside 1900 to 2199."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("an instant needs an offset, such as Z or +01:00")
    instant = instant_of(moment)
    if not EARLIEST <= instant <= LATEST:
        raise ValueError("an instant must lie between the years 1900 and 2199")
    return instant


@lru_cache(maxsize=4096)
def format_instant(instant: Instant) -> str:
    """Write ``instant`` in RFC 3339, in UTC, with a fraction only where there is one."""
    return datetime_of(instant).isoformat().replace("+00:00", "Z")


def named_id(workspace_id: int, kind: str, name: str) -> UUID:
    """Return the id (UUID version 8) of the thing that the caller names ``name`` in a workspace.

    The same workspace, kind and name always give the same id; RFC 9562 section 5.8 leaves the bits
    of version 8 to the application, which fills them with BLAKE2b.
    """
    return UUID(bytes=named_bytes(workspace_id, kind, name))


def named_bytes(workspace_id: int, kind: str, name: str) -> bytes:
    """Return the 16 bytes of :func:`named_id`."""
    digest = blake2b(f"{workspace_id}\x1f{kind}\x1f{name}".encode(), digest_size=16).digest()
    return (int.from_bytes(digest) & _FREE_BITS | _VERSION_8).to_bytes(16)


def stable_hash(*parts: object) -> int:
    """Return a 63-bit number for ``parts`` that is the same in every process and release."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) >> 1


def bucket_of(customer: str, bucket_base: int, bucket_count: int) -> int:
    """Return the bucket of the customer whom the caller names ``customer``; it never changes."""
    return bucket_base + crc32(customer.encode()) % bucket_count
