"""``pool: all``: the people of a household have one tier, and one use of limits."""

from __future__ import annotations

import pytest
from asyncpg import Connection

from perennial.flows.commands import (
    AssignTier,
    JoinProgram,
    MergeCustomers,
    PostClaim,
    PostEvent,
    PutHousehold,
)
from perennial.flows.customers.erase import erase_customer
from perennial.flows.customers.household import put_household
from perennial.flows.customers.merging import merge_customers
from perennial.flows.customers.statements import timeline_of
from perennial.flows.reading import MembershipView, read_customer
from perennial.store.audits.audit import audit
from perennial.units import DAY, SECOND, Instant, parse_instant
from tests.flows.pool import problem_of
from tests.flows.shop import START, Shop, available

POOLED = """
program: points
name: Points
currency: USD
time_zone: UTC
pool: all
wallets: [{id: points, name: Points}]
declarations: {events: {review.posted: {}, rest.ended: {}}}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100, multiplied: false}
  - {id: review, type: fixed, trigger: review.posted, points: 10, limits: [{times: 3, every: month}]}
  - {id: rest, type: fixed, trigger: rest.ended, points: 1, cooldown: {days: 1}}
  - {id: welcome, type: fixed, trigger: tier.entered, when: {fact: event.tier, is: gold}, points: 500}
tiers:
  lasts: period
  metrics: [{id: spend, measure: orders.net, window: {calendar: year}}]
  levels:
    - {id: silver, name: Silver, reach: {spend: 50000}}
    - {id: gold, name: Gold, reach: {spend: 100000}}
rewards:
  - {id: mug, name: Mug, price: 10, gives: [{type: amount_off, value: 500}], limits: [{times: 2}]}
"""
APART = POOLED.replace("pool: all\n", "")
ALWAYS = POOLED.replace("lasts: period", "lasts: while_reached")


@pytest.fixture(params=[False, True], ids=["one bucket", "many"])
def shop(request: pytest.FixtureRequest, shop: Shop) -> Shop:
    """Everybody in one bucket, or people in three and households in a fourth: it makes no difference."""
    return request.getfixturevalue("apart_shop") if request.param else shop


async def live(shop: Shop, customer: str, household: str | None) -> None:
    """Let somebody enter a household, or leave it."""
    command = PutHousehold(customer=customer, household=household)
    answer = await put_household(shop.handler, shop.workspace_id, command)
    assert answer.status == 200, answer.body


async def live_together(shop: Shop, *customers: str) -> None:
    """Let customers be members and live together."""
    for customer in customers:
        await shop.order(f"first-{customer}", customer, 0)
        await live(shop, customer, "home")


async def review(shop: Shop, name: str, customer: str, at: Instant = START) -> int:
    """Return what a review earned."""
    done = await shop.do(PostEvent(id=name, customer=customer, at=at, name="review.posted"))
    return sum(done.programs[0].points.values())


async def membership(shop: Shop, customer: str) -> MembershipView:
    """Return the place of a customer in the program."""
    return (await read_customer(shop.handler, shop.workspace_id, customer)).memberships[0]


async def tiers(shop: Shop, *customers: str) -> list[str | None]:
    """Return the tiers of customers."""
    return [(await membership(shop, customer)).tier for customer in customers]


async def figure(shop: Shop, customer: str) -> int:
    """Return what counts of the metric for the next tier."""
    progress = (await membership(shop, customer)).progress
    assert progress is not None
    return progress.higher[0].missing[0].figure


async def audited(owner: Connection, shop: Shop) -> None:
    """Demand that the books are clean."""
    report = await audit(owner, shop.workspace_id)
    assert report.clean, report.broken


async def test_a_limit_of_each_member_is_that_of_the_household(shop: Shop, owner: Connection) -> None:
    """Two reviews by Anna and one by Ben are the three of the month; apart each has three, and so again."""
    await shop.publish(POOLED)
    await live_together(shop, "anna", "ben")
    earned = [await review(shop, f"r{place}", who) for place, who in enumerate(["anna", "anna", "ben"])]
    assert earned == [10, 10, 10]
    assert [await review(shop, f"s-{who}", who) for who in ("anna", "ben")] == [0, 0]
    await shop.advance(START + 31 * DAY)
    assert await review(shop, "april", "ben", START + 31 * DAY) == 10
    await audited(owner, shop)


async def test_without_it_limits_and_tiers_are_each_ones_own(shop: Shop) -> None:
    """The same program without ``pool`` gives both three reviews, and a tier to who has spent."""
    await shop.publish(APART)
    await live_together(shop, "anna", "ben")
    earned = [await review(shop, f"r{place}", "anna") for place in range(4)]
    assert earned == [10, 10, 10, 0]
    assert await review(shop, "s", "ben") == 10
    await shop.order("o1", "anna", 60_000)
    assert await tiers(shop, "anna", "ben") == ["silver", None]


async def test_who_comes_brings_what_they_used_and_takes_it_along(shop: Shop, owner: Connection) -> None:
    """Two of Anna's and two of Ben's are four of three: nothing is left; Ben alone has one left."""
    await shop.publish(POOLED)
    for name in ("anna", "ben"):
        assert [await review(shop, f"{name}-{place}", name) for place in range(2)] == [10, 10]
        await live(shop, name, "home")
    assert [await review(shop, f"none-{who}", who) for who in ("anna", "ben")] == [0, 0]
    await live(shop, "ben", None)
    assert [await review(shop, f"ben-alone-{place}", "ben") for place in range(2)] == [10, 0]
    assert [await review(shop, f"anna-alone-{place}", "anna") for place in range(2)] == [10, 0]
    await audited(owner, shop)


async def test_the_database_holds_a_household_to_the_cap(shop: Shop, owner: Connection) -> None:
    """Under the household's id stands what both used together, beside what each has used."""
    await shop.publish(POOLED)
    await live_together(shop, "anna", "ben")
    for place, who in enumerate(["anna", "ben", "ben"]):
        await review(shop, f"r{place}", who)
    rows = await owner.fetch(
        "select coalesce(nullif(external_id, ''), '?') as who, used, limit_uses.cap from limit_uses"
        " join customers using (bucket, workspace_id, customer_id)"
        " where workspace_id = $1 and limit_uses.cap = 3",
        shop.workspace_id,
    )
    assert sorted(tuple(row) for row in rows) == [("anna", 1, 3), ("ben", 2, 3), ("home", 3, 3)]


async def test_what_is_given_back_can_be_used_by_another(shop: Shop, owner: Connection) -> None:
    """A returned order gives its use back to the household; a claim counts for all."""
    await shop.publish(
        POOLED.replace("multiplied: false}", "multiplied: false, limits: [{times: 2}]}", 1).replace(
            "cooldown: {days: 1}", "cooldown: {days: 2}"
        )
    )
    await live_together(shop, "anna", "ben")
    await shop.order("o1", "anna", 10_000)
    await shop.order("o2", "ben", 10_000)
    assert available(await shop.order("o3", "ben", 10_000)) == 200
    await shop.give_back("back", "o1", "anna")
    assert available(await shop.order("o4", "ben", 10_000)) == 200
    for place, who in enumerate(["anna", "ben"]):
        await shop.do(PostClaim(id=f"c{place}", customer=who, at=START, reward="mug"))
    refused = await shop.refuse(PostClaim(id="c3", customer="anna", at=START, reward="mug"))
    assert refused.code == "limit_reached", refused
    await audited(owner, shop)


async def test_a_rule_rests_for_all_of_them(shop: Shop) -> None:
    """What gave something to Anna today gives nothing to Ben before tomorrow."""
    await shop.publish(POOLED)
    await live_together(shop, "anna", "ben")

    async def rest(name: str, who: str, at: Instant) -> int:
        done = await shop.do(PostEvent(id=name, customer=who, at=at, name="rest.ended"))
        return sum(done.programs[0].points.values())

    assert [await rest("e1", "anna", START), await rest("e2", "ben", START)] == [1, 0]
    await shop.advance(START + DAY)
    assert [await rest("e3", "ben", START + DAY), await rest("e4", "anna", START + DAY)] == [1, 0]


async def test_both_spend_for_one_tier(shop: Shop, owner: Connection) -> None:
    """300 and 300 are silver for both, 400 more are gold, as both are told; the gift of gold comes once."""
    await shop.publish(POOLED)
    await live_together(shop, "anna", "ben")
    await shop.order("o1", "anna", 30_000)
    assert await tiers(shop, "anna", "ben") == [None, None]
    assert (await figure(shop, "anna"), await figure(shop, "ben")) == (30_000, 30_000)
    await shop.order("o2", "ben", 30_000)
    assert await tiers(shop, "anna", "ben") == ["silver", "silver"]
    await shop.order("o3", "anna", 40_000)
    assert await tiers(shop, "anna", "ben") == ["gold", "gold"]
    assert available(await shop.order("o4", "ben", 0)) == 1_000 + 500
    told = [
        [each.type for each in (await timeline_of(shop.handler, shop.workspace_id, who)).data]
        for who in ("anna", "ben")
    ]
    assert [each.count("tier_shared") for each in told] == [1, 1]
    places = [await membership(shop, who) for who in ("anna", "ben")]
    assert {(each.tier_since, each.tier_until) for each in places} == {
        ("2026-03-02T12:00:00Z", "2027-01-01T00:00:00Z")
    }
    await audited(owner, shop)


async def test_the_review_at_the_end_of_the_year_is_one(shop: Shop, owner: Connection) -> None:
    """600 are silver to the end of the year for both; 200 and 300 in the next one are it again."""
    await shop.publish(POOLED)
    await live_together(shop, "anna", "ben")
    await shop.order("o1", "anna", 60_000)
    new_year = parse_instant("2027-01-01T00:00:00Z")
    await shop.advance(new_year - DAY)
    assert await tiers(shop, "anna", "ben") == ["silver", "silver"]
    await shop.advance(new_year)
    assert await tiers(shop, "anna", "ben") == [None, None]
    moves = await owner.fetch(
        "select customer_id, tier_after from tier_moves where workspace_id = $1 and tier_before = 'silver'",
        shop.workspace_id,
    )
    assert [row["tier_after"] for row in moves] == [None, None]
    await shop.order("o2", "anna", 20_000, at=new_year)
    await shop.order("o3", "ben", 30_000, at=new_year)
    assert await tiers(shop, "anna", "ben") == ["silver", "silver"]
    await audited(owner, shop)


async def test_who_enters_gets_the_better_tier_and_what_both_reach(shop: Shop, owner: Connection) -> None:
    """Silver meets nothing: silver for both. 600 and 450 are gold at once, with its gift."""
    await shop.publish(POOLED)
    await shop.order("o1", "anna", 60_000)
    await shop.order("o2", "ben", 10_000)
    await live(shop, "ben", "home")
    await live(shop, "anna", "home")
    assert await tiers(shop, "anna", "ben") == ["silver", "silver"]
    await shop.order("o3", "carl", 35_000)
    await live(shop, "carl", "home")
    assert await tiers(shop, "anna", "ben", "carl") == ["gold", "gold", "gold"]
    assert available(await shop.order("o4", "carl", 0)) == 600 + 100 + 350 + 500
    await audited(owner, shop)


async def test_who_leaves_takes_their_figures_and_nobody_keeps_what_they_do_not_reach(
    shop: Shop, owner: Connection
) -> None:
    """Of 600 and 500 gold is left to nobody: both are silver by what each has spent."""
    await shop.publish(POOLED)
    await live_together(shop, "anna", "ben", "carl")
    await shop.order("o1", "anna", 60_000)
    await shop.order("o2", "ben", 50_000)
    assert await tiers(shop, "anna", "ben", "carl") == ["gold"] * 3
    await live(shop, "anna", None)
    assert await tiers(shop, "anna", "ben", "carl") == ["silver"] * 3
    await live(shop, "carl", None)
    assert await tiers(shop, "anna", "ben", "carl") == ["silver", "silver", None]
    await shop.give_back("back", "o1", "anna")
    assert (await figure(shop, "ben"), await figure(shop, "carl")) == (50_000, 0)
    await audited(owner, shop)


async def test_a_return_of_one_lowers_the_tier_of_all(shop: Shop, owner: Connection) -> None:
    """A tier that follows its figures goes with the return of an order from before entering, too."""
    await shop.publish(ALWAYS)
    await shop.order("o1", "anna", 40_000)
    await live_together(shop, "anna", "ben")
    await shop.order("o2", "ben", 20_000)
    assert await tiers(shop, "anna", "ben") == ["silver", "silver"]
    await shop.give_back("back", "o1", "anna")
    assert await tiers(shop, "anna", "ben") == [None, None]
    await audited(owner, shop)


async def test_a_figure_that_leaves_its_window_is_looked_at_once(shop: Shop, owner: Connection) -> None:
    """Anna's 300 and Ben's a week later are silver until the first of them are 30 days old."""
    await shop.publish(ALWAYS.replace("window: {calendar: year}", "window: {last: {days: 30}}"))
    await live_together(shop, "anna", "ben")
    await shop.order("o1", "anna", 30_000)
    await shop.advance(START + 7 * DAY)
    await shop.order("o2", "ben", 30_000, at=START + 7 * DAY)
    await shop.advance(START + 29 * DAY)
    assert await tiers(shop, "anna", "ben") == ["silver", "silver"]
    await shop.advance(START + 30 * DAY)
    assert await tiers(shop, "anna", "ben") == [None, None]
    await audited(owner, shop)


async def test_a_floor_by_hand_holds_for_all_and_goes_with_whom_it_is_for(
    shop: Shop, owner: Connection
) -> None:
    """Anna's floor lifts Ben as well and holds him over the new year; without her he is what he reaches."""
    await shop.publish(POOLED)
    await live_together(shop, "anna", "ben")
    command = AssignTier(
        id="f1", customer="anna", at=START, program="points", tier="gold", reason="vip", actor="test"
    )
    await shop.do(command)
    assert await tiers(shop, "anna", "ben") == ["gold", "gold"]
    assert [(await membership(shop, who)).tier_floor for who in ("anna", "ben")] == ["gold", None]
    await shop.advance(parse_instant("2027-01-02T00:00:00Z"))
    assert await tiers(shop, "anna", "ben") == ["gold", "gold"]
    await live(shop, "anna", None)
    assert await tiers(shop, "anna", "ben") == ["gold", None]
    await audited(owner, shop)


async def test_who_joins_while_living_there_has_the_tier_at_once(shop: Shop) -> None:
    """Ben lives with Anna before he joins a program that asks: he joins as silver."""
    await shop.publish(POOLED.replace("pool: all", "pool: all\nenrollment: {mode: on_request}"))
    await shop.do(JoinProgram(customer="anna", program="points", at=START, source="test"))
    for name in ("anna", "ben"):
        await live(shop, name, "home")
    await shop.order("o1", "anna", 60_000)
    await shop.do(JoinProgram(customer="ben", program="points", at=START, source="test"))
    assert await tiers(shop, "anna", "ben") == ["silver", "silver"]


async def test_a_version_that_pools_finds_households_as_they_are(shop: Shop, owner: Connection) -> None:
    """Published later: the better tier is everybody's, and what each has used and spent counts at once."""
    await shop.publish(APART)
    await live_together(shop, "anna", "ben")
    await shop.order("o1", "anna", 60_000)
    assert [await review(shop, f"r{place}", who) for place, who in enumerate(["anna", "ben"])] == [10, 10]
    await shop.advance(START + DAY)
    await shop.publish(POOLED)
    await shop.advance(START + DAY + SECOND)
    assert await tiers(shop, "anna", "ben") == ["silver", "silver"]
    assert (await figure(shop, "anna"), await figure(shop, "ben")) == (60_000, 60_000)
    earned = [await review(shop, f"s{place}", who, START + DAY) for place, who in enumerate(["ben", "anna"])]
    assert earned == [10, 0]
    await shop.order("o2", "ben", 40_000, at=START + DAY)
    assert await tiers(shop, "anna", "ben") == ["gold", "gold"]
    await audited(owner, shop)


async def test_a_version_that_pools_no_more_leaves_everybody_what_they_have(shop: Shop) -> None:
    """The tier stays to its review; limits are each one's own again."""
    await shop.publish(POOLED)
    await live_together(shop, "anna", "ben")
    await shop.order("o1", "anna", 60_000)
    for place in range(3):
        await review(shop, f"r{place}", "anna")
    await shop.advance(START + DAY)
    await shop.publish(APART)
    assert await tiers(shop, "anna", "ben") == ["silver", "silver"]
    assert await review(shop, "s", "ben", START + DAY) == 10
    await shop.advance(parse_instant("2027-01-01T00:00:00Z"))
    assert await tiers(shop, "anna", "ben") == [None, None]


async def test_two_who_are_one_person_count_once(shop: Shop, owner: Connection) -> None:
    """Who is merged into somebody of the household brings spend and uses, and the tier is all the same."""
    await shop.publish(POOLED)
    await live_together(shop, "anna", "ben")
    await shop.order("o1", "annie", 60_000)
    assert await review(shop, "r1", "annie") == 10
    merge = MergeCustomers(id="m1", customer="annie", into="anna", reason="twice", actor="test")
    assert (await merge_customers(shop.handler, shop.workspace_id, merge)).status == 201
    assert await tiers(shop, "anna", "ben") == ["silver", "silver"]
    assert [await review(shop, f"s{place}", "ben") for place in range(3)] == [10, 10, 0]
    await audited(owner, shop)


async def test_who_is_erased_counts_no_more(shop: Shop, owner: Connection) -> None:
    """What Anna had used and spent is nobody's, and Ben's tier goes at once, as if she had left."""
    await shop.publish(POOLED)
    await live_together(shop, "anna", "ben")
    await shop.order("o1", "anna", 60_000)
    assert [await review(shop, f"r{place}", "anna") for place in range(3)] == [10, 10, 10]
    await erase_customer(shop.handler, shop.workspace_id, "anna", "test")
    assert await tiers(shop, "ben") == [None]
    assert await figure(shop, "ben") == 0
    assert await review(shop, "s", "ben") == 10
    await audited(owner, shop)


async def test_erasing_a_stranger_makes_nobody(shop: Shop, owner: Connection) -> None:
    """Who is not known is told so where households share, too; who is erased already stays as they are."""
    await shop.publish(POOLED)
    await live_together(shop, "anna", "ben")
    await erase_customer(shop.handler, shop.workspace_id, "anna", "test")
    counted = "select count(*), count(erased_at) from customers where workspace_id = $1"
    before = await owner.fetchrow(counted, shop.workspace_id)
    refused = await problem_of(erase_customer(shop.handler, shop.workspace_id, "nobody", "test"))
    assert refused == (404, "customer_unknown", [])
    await erase_customer(shop.handler, shop.workspace_id, "anna", "test")
    assert await owner.fetchrow(counted, shop.workspace_id) == before
    await audited(owner, shop)
