"""Contrast by WCAG 2.2, and the nearest color that can be read."""

from __future__ import annotations

from colorsys import rgb_to_hls

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.flows.contrast import contrast, is_readable, nearest_readable

colors = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#767676", "#ffffff", 4.54),
        ("#777777", "#ffffff", 4.48),
        ("#ff0000", "#ffffff", 4.00),
        ("#0000ff", "#ffffff", 8.59),
        ("#00ff00", "#000000", 15.30),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    """The pairs that are known from the standard: #767676 is the palest grey on white, #777777 fails."""
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


@given(colors, st.sampled_from(["#ffffff", "#f1efe7", "#232b27", "#000000"]))
def test_the_nearest_can_be_read_and_keeps_its_hue(color: str, ground: str) -> None:
    """A color that can be read stays; another one becomes darker or lighter and nothing else."""
    nearest = nearest_readable(color, ground)
    assert is_readable(nearest, ground)
    assert nearest_readable(nearest, ground) == nearest
    if is_readable(color, ground):
        assert nearest == color
        return
    (hue, _, saturation), (new_hue, _, new_saturation) = _hls(color), _hls(nearest)
    # Near black and white eight bits a channel hold less of a hue than this.
    if max(bytes.fromhex(nearest[1:])) > 40 and min(bytes.fromhex(nearest[1:])) < 215 and saturation > 0.3:
        assert abs((hue - new_hue + 0.5) % 1 - 0.5) < 0.02
        assert abs(saturation - new_saturation) < 0.1


@given(colors, st.sampled_from(["#ffffff", "#f1efe7", "#232b27"]))
def test_the_nearest_is_not_further_than_it_has_to_be(color: str, ground: str) -> None:
    """A hair back towards the color that was asked for, it could not be read."""
    nearest = nearest_readable(color, ground)
    if nearest != color:
        assert contrast(nearest, ground) < 4.5 * 1.05


def _hls(color: str) -> tuple[float, float, float]:
    red, green, blue = bytes.fromhex(color[1:])
    return rgb_to_hls(red / 255, green / 255, blue / 255)
