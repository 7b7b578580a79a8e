"""The check character of a code, by which a typing error is told from a guess.

In an alphabet of an odd number of letters it is the pure system of ISO 7064 with radix 2, modulo the
size of the alphabet: every single wrong character and every swap of two neighbors is found. No such
system exists for all even sizes; there it is the hybrid system of ISO 7064 (modulo size + 1 and size):
every single wrong character is found, and all swaps of neighbors but a few in a thousand (in 10 letters a
few in a hundred).
"""

from __future__ import annotations

from collections.abc import Iterable


def check_digit(digits: Iterable[int], size: int) -> int:
    """Return the number of the letter that has to follow ``digits``, in an alphabet of ``size`` letters."""
    if size % 2:
        total = 0
        for digit in digits:
            total = 2 * (total + digit)
        return -total % size
    return (1 - _product(digits, size)) % size


def is_sound(digits: Iterable[int], size: int) -> bool:
    """Return whether the last of ``digits`` is the check digit of those before it."""
    *before, last = digits
    return check_digit(before, size) == last


def _product(digits: Iterable[int], size: int) -> int:
    product = size
    for digit in digits:
        product = 2 * ((product + digit) % size or size) % (size + 1)
    return product
