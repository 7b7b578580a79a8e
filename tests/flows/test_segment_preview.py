"""A preview asks about everybody, or about a fair share of many customers, and says which."""

from __future__ import annotations

import pytest

from perennial.flows.segments import preview as segment_preview
from perennial.flows.segments.preview import preview_segment
from perennial.flows.segments.segments import put
from perennial.store.history import LAST
from perennial.units import named_id
from tests.flows.shop import Shop
from tests.flows.test_segments import AUTHOR, PROGRAM, segment

PEOPLE = 60
WHEN = {"history": "orders.net", "window": {"last": {"days": 365}}, "at_least": 200}


@pytest.mark.parametrize("asked_about", [20, 40])
async def test_a_share_of_many_is_asked_about(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, asked_about: int
) -> None:
    """Who has an id in the first part of all ids stands for everybody; the names are theirs."""
    await shop.publish(PROGRAM)
    await put(shop.handler, shop.workspace_id, segment("counted", WHEN), AUTHOR)
    buyers = {f"c{number}": 100 + number % 3 * 100 for number in range(PEOPLE)}
    for name, net in buyers.items():
        await shop.order(f"o-{name}", name, net)
    monkeypatch.setattr(segment_preview, "SAMPLE", PEOPLE)

    whole = await preview_segment(shop.handler, shop.workspace_id, segment("some", WHEN))
    assert (whole.count, whole.of, whole.exact) == (PEOPLE * 2 // 3, PEOPLE, True)
    assert set(whole.sample) == {name for name, net in buyers.items() if net >= 200}

    monkeypatch.setattr(segment_preview, "ASKED_ABOUT", asked_about)
    up_to = LAST.int * asked_about // PEOPLE
    asked = {name for name in buyers if named_id(shop.workspace_id, "customer", name).int <= up_to}
    assert 0 < len(asked) < PEOPLE
    inside = {name for name in asked if buyers[name] >= 200}
    part = await preview_segment(shop.handler, shop.workspace_id, segment("some", WHEN))
    assert (part.count, part.of, part.exact) == (len(inside) * PEOPLE // len(asked), PEOPLE, False)
    assert set(part.sample) == inside
