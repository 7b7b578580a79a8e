"""Places: what is one, and how far apart two are."""

from __future__ import annotations

import pytest

from perennial.core.orders.geography import lies_within, point_or_none


@pytest.mark.parametrize(
    "text", ["", "52", "52.5", "91,0", "0,181", "52.5,13.4 ", "1e1,2", "52.1234567,1", None, 5, True, "+1,2"]
)
def test_what_is_no_place_is_near_nothing(text: str | int | None) -> None:
    """Coordinates that are missing or malformed are no, never yes."""
    assert point_or_none(text) is None
    assert not lies_within(text, "0,0", 20_000_000)
    assert not lies_within("0,0", text, 20_000_000)


@pytest.mark.parametrize(
    ("here", "there", "meters"),
    [
        ("52.520008,13.404954", "48.137154,11.576124", 504_424),  # Berlin, Munich
        ("40.7128,-74.006", "51.5074,-0.1278", 5_570_230),  # New York, London
        ("0,179.5", "0,-179.5", 111_195),
        ("0,0", "0.001,0", 111),
        ("90,0", "89.999,135", 111),
    ],
)
def test_distances(here: str, there: str, meters: int) -> None:
    """The radius at which a place is reached is the great-circle distance, both ways."""
    for one, other in ((here, there), (there, here)):
        assert lies_within(one, other, meters + 100 + meters // 500)
        assert not lies_within(one, other, meters - 1 - meters // 500)
