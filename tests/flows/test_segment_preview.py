"""A preview asks about everybody, or about a fair share of many customers, and says which."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perennial.flows.commands import PutHousehold
from perennial.flows.customers.erase import erase_customer
from perennial.flows.customers.household import put_household
from perennial.flows.segments import preview as segment_preview
from perennial.flows.segments.preview import margin_of, preview_segment
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
    monkeypatch.setattr(segment_preview, "ASKED_FIRST", 10)
    monkeypatch.setattr(segment_preview, "SECONDS", 3600)
    up_to = LAST.int * asked_about // PEOPLE
    asked = {name for name in buyers if named_id(shop.workspace_id, "customer", name).int <= up_to}
    assert 0 < len(asked) < PEOPLE
    inside = {name for name in asked if buyers[name] >= 200}
    part = await preview_segment(shop.handler, shop.workspace_id, segment("some", WHEN))
    assert (part.count, part.of, part.exact) == (len(inside) * PEOPLE // len(asked), PEOPLE, False)
    assert set(part.sample) == inside
    assert part.margin == margin_of(len(inside), len(asked), PEOPLE) > 0
    assert abs(part.count - whole.count) <= part.margin


async def test_where_the_database_is_slow_fewer_are_asked_about(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the first few take says how many more there is time for: none, here."""
    await shop.publish(PROGRAM)
    for number in range(PEOPLE):
        await shop.order(f"o{number}", f"c{number}", 300)
    monkeypatch.setattr(segment_preview, "ASKED_ABOUT", 50)
    monkeypatch.setattr(segment_preview, "ASKED_FIRST", 20)
    monkeypatch.setattr(segment_preview, "SECONDS", 0)
    monkeypatch.setattr(segment_preview, "SAMPLE", PEOPLE)
    up_to = LAST.int * 20 // PEOPLE
    names = {f"c{number}" for number in range(PEOPLE)}
    asked = {name for name in names if named_id(shop.workspace_id, "customer", name).int <= up_to}
    found = await preview_segment(shop.handler, shop.workspace_id, segment("all", {"all": []}))
    assert set(found.sample) == asked
    assert (found.count, found.of, found.exact) == (PEOPLE, PEOPLE, False)


async def test_people_are_counted_without_households_and_the_erased(shop: Shop) -> None:
    """Everybody is counted by the key, and those are taken off, nobody twice."""
    await shop.publish(PROGRAM)
    for name in ("a", "b", "c", "d"):
        await shop.order(f"o-{name}", name, 300)
    await put_household(shop.handler, shop.workspace_id, PutHousehold(customer="a", household="home"))
    await erase_customer(shop.handler, shop.workspace_id, "d", "tests")
    whole = await preview_segment(shop.handler, shop.workspace_id, segment("all", {"all": []}))
    assert (whole.count, whole.of, whole.exact) == (3, 3, True)


@given(people=st.integers(30, 400), share=st.floats(0, 1), seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_the_margin_holds_most_of_the_time(people: int, share: float, seed: int) -> None:
    """Of two hundred parts drawn at random, at least nine in ten are as close as is said."""
    of, random = 500, Random(seed)
    crowd = [place < share * of for place in range(of)]
    close = 0
    for _ in range(200):
        inside = sum(random.sample(crowd, people))
        close += abs(inside * of // people - sum(crowd)) <= margin_of(inside, people, of)
    assert close >= 180
