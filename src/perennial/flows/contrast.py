"""Whether a color can be read on another one, by WCAG 2.2, and the nearest one that can.

Colors are texts: ``#`` and six hexadecimal digits in lower case, in sRGB.
"""

from __future__ import annotations

from colorsys import hls_to_rgb, rgb_to_hls

READABLE = 4.5
"""The least contrast of text with its ground: WCAG 2.2, success criterion 1.4.3 (AA)."""

_STEPS = 512
"""Of lightness, between black and white: finer than the 256 steps in which a color is written."""


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors, from 1 (the same) to 21 (black and white).

    The formula is that of WCAG 2.2, "contrast ratio".
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def is_readable(color: str, ground: str) -> bool:
    """Return whether text of this color can be read on this ground."""
    return contrast(color, ground) >= READABLE


def nearest_readable(color: str, ground: str) -> str:
    """Return the color of the same hue and saturation, no more darker or lighter than it has to be.

    On a light ground it gets darker, on a dark one lighter; a color that can be read is its own nearest.
    """
    if is_readable(color, ground):
        return color
    step = -1 if contrast(ground, "#000000") > contrast(ground, "#ffffff") else 1
    hue, lightness, saturation = rgb_to_hls(*_channels(color))
    for place in range(1, _STEPS + 1):
        tried = min(1.0, max(0.0, lightness + step * place / _STEPS))
        found = _written(hls_to_rgb(hue, tried, saturation))
        if is_readable(found, ground):
            return found
    raise ValueError(f"nothing can be read on {ground}")


def _luminance(color: str) -> float:
    """Return the relative luminance by WCAG 2.2, from 0 (black) to 1 (white)."""
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in _channels(color)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(color: str) -> tuple[float, float, float]:
    red, green, blue = bytes.fromhex(color[1:])
    return red / 255, green / 255, blue / 255


def _written(channels: tuple[float, float, float]) -> str:
    return "#" + bytes(round(each * 255) for each in channels).hex()
