"""Places on the globe, and whether one lies within a radius of another: whole numbers all the way.

A place is a text: latitude and longitude in degrees with at most six decimals, ``52.520008,13.404954``.
It is read as micro-degrees. A distance is in meters along the surface of a sphere with the Earth's mean
radius, which differs from the real ellipsoid by at most 0.6 %. Sine and cosine are sums of their series
in fixed point, so that every machine comes to the same answer.
"""

from __future__ import annotations

import re
from functools import lru_cache

from perennial.core.orders.order import Scalar

EARTH_RADIUS = 6_371_009
"""In meters: the mean radius of the ellipsoid WGS 84."""

MAX_RADIUS = 20_000_000
"""In meters: about half around the globe."""

Point = tuple[int, int]
"""Latitude and longitude in micro-degrees."""

_PLACE = re.compile(r"(-?)([0-9]{1,2})(?:\.([0-9]{1,6}))?,(-?)([0-9]{1,3})(?:\.([0-9]{1,6}))?")
_ONE = 10**18
_PI = 3_141_592_653_589_793_238


@lru_cache(16384)
def point_or_none(text: Scalar) -> Point | None:
    """Read a place; anything else is None."""
    found = _PLACE.fullmatch(text) if type(text) is str else None
    if found is None:
        return None
    latitude, longitude = _micro(*found.groups("")[:3]), _micro(*found.groups("")[3:])
    return (latitude, longitude) if abs(latitude) <= 90_000_000 and abs(longitude) <= 180_000_000 else None


def place_or_none(text: Scalar) -> str | None:
    """Return a place as it is; anything else is None."""
    return text if isinstance(text, str) and point_or_none(text) is not None else None


def lies_within(place: Scalar, center: Scalar, meters: int) -> bool:
    """Return whether ``place`` is at most ``meters`` away from ``center``; what is no place is not."""
    there, here = point_or_none(place), point_or_none(center)
    if there is None or here is None:
        return False
    squares = [(a - b) ** 2 for a, b in zip(_on_the_globe(there), _on_the_globe(here), strict=True)]
    return sum(squares) <= _chord(min(meters, MAX_RADIUS)) ** 2


def _micro(sign: str, degrees: str, decimals: str) -> int:
    size = int(degrees) * 1_000_000 + int(decimals.ljust(6, "0"))
    return -size if sign else size


@lru_cache(16384)
def _on_the_globe(point: Point) -> tuple[int, int, int]:
    """Return the place on a sphere with the radius ``_ONE``."""
    latitude, longitude = (_PI * angle // 180_000_000 for angle in point)
    around = _cosine(latitude)
    return (
        around * _cosine(longitude) // _ONE,
        around * _sine(longitude) // _ONE,
        _sine(latitude),
    )


@lru_cache(1024)
def _chord(meters: int) -> int:
    """Return how far apart, straight through the sphere, two places are that are ``meters`` apart on it."""
    return 2 * _sine(meters * _ONE // (2 * EARTH_RADIUS))


def _sine(angle: int) -> int:
    return _series(angle, angle, 1)


def _cosine(angle: int) -> int:
    return _series(angle, _ONE, 0)


def _series(angle: int, term: int, power: int) -> int:
    """Return the sum of the alternating series that begins with ``term``, of this power of the angle."""
    total, square = 0, angle * angle // _ONE
    while term:
        total += term
        power += 2
        size = abs(term) * square // _ONE // (power * (power - 1))
        term = -size if term > 0 else size
    return total
