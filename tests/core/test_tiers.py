"""How tiers are reached and how long they last. TD-03, TD-04, TU-01, SC-43, SC-46 to SC-49."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.units import HOUR
from tests.core.ledger_stage import at, order, stage, version_on
from tests.core.tier_stage import BY_BALANCE, BY_SPEND, club, earned, entered, levels, seen, standing, tier

# Reaching


def test_the_highest_reached_tier_is_taken_at_once() -> None:
    """TU-01: 1200 points are silver, 9000 are gold; 500 are nothing yet, 700 more are silver."""
    metric = {"measure": "points.earned"}
    for euros, expected in ((1_200, "silver"), (9_000, "gold"), (999, None)):
        play = stage(
            tiers={
                "metrics": [metric],
                "levels": levels(1000, 5000, names=("silver", "gold")),
                "lasts": "life",
            }
        )
        play.pay("anna", "o1", at("2026-01-01"), order(euros * 100))
        assert tier(play) == expected
    play = stage(
        tiers={"metrics": [metric], "levels": levels(1000, 5000, names=("silver", "gold")), "lasts": "life"}
    )
    play.pay("anna", "o1", at("2026-01-01"), order(50_000))
    assert tier(play) is None
    play.pay("anna", "o2", at("2026-01-02"), order(70_000))
    assert tier(play) == "silver"


def test_the_order_that_lifts_does_not_earn_by_the_new_tier() -> None:
    """SC-43: 1, 1.5 and 2 points for 1.00; 80.00 give 80, 120, 160 and 33.00 give 33, 49, 66."""
    factors = ["1", "1.5", "2"]
    tiers = [
        {**level, "multiplier": {"by": by}}
        for level, by in zip(levels(0, 8_000, 16_000), factors, strict=True)
    ]
    play = stage(tiers={"metrics": [{"measure": "orders.net"}], "levels": tiers, "lasts": "life"})
    points = [earned(play.pay("anna", f"o{n}", at("2026-01-01"), order(8_000))) for n in range(3)]
    assert points == [80, 120, 160]
    small = []
    for number, name in enumerate([None, "silver", "gold"]):
        other = stage(tiers={"metrics": [{"measure": "orders.net"}], "levels": tiers, "lasts": "life"})
        other.join("anna", at("2026-01-01"))
        if name is not None:
            other.assign_tier("anna", at("2026-01-01"), name)
        small.append(earned(other.pay("anna", f"p{number}", at("2026-01-02"), order(3_300))))
    assert small == [33, 49, 66]


def test_orders_or_events_are_enough() -> None:
    """SC-46: 500.00 spent or three reviews; the third review of a member without orders is enough."""
    metrics = [
        {"id": "spend", "measure": "orders.net"},
        {"id": "reviews", "measure": "events.count", "event": "review.posted"},
    ]
    fan = {"id": "fan", "name": "Fan", "reach": {"spend": 50_000, "reviews": 3}}
    play = stage(tiers={"metrics": metrics, "levels": [fan], "lasts": "life"})
    for day in (1, 2):
        play.report("anna", at(f"2026-01-0{day}"), "review.posted", {})
        assert tier(play) is None
    decisions = play.report("anna", at("2026-01-03"), "review.posted", {})
    assert (tier(play), entered(decisions)) == ("fan", ["fan"])


def test_spending_points_does_not_lower_a_tier_by_points_earned() -> None:
    """SC-47: who reached the threshold is promoted, and stays when points are spent."""
    metric = {"measure": "points.earned", "window": {"calendar": "year"}}
    play = club(metric, (0, 100, 500))
    play.pay("anna", "o1", at("2026-01-01"), order(10_000))
    play.adjust("anna", at("2026-01-02"), "points", -90)
    assert tier(play) == "silver"


def test_corrections_count_for_no_tier_by_points_earned() -> None:
    """Points that staff gives are no merit; a tier by balance sees them."""
    by_merit = club({"measure": "points.earned"}, (0, 100), lasts="life")
    by_balance = club(BY_BALANCE, (0, 100), lasts="while_reached")
    for play in (by_merit, by_balance):
        play.join("anna", at("2026-01-01"))
        play.adjust("anna", at("2026-01-02"), "points", 100)
    assert (tier(by_merit), tier(by_balance)) == ("bronze", "silver")


@pytest.mark.parametrize("count", [2, 3, 7])
def test_the_number_of_tiers_is_free(count: int) -> None:
    """SC-49: with 2, 3 or 7 tiers each figure has its place."""
    names = tuple(f"t{number}" for number in range(count))
    system = {
        "metrics": [{"measure": "orders.net"}],
        "levels": levels(*(number * 10_000 for number in range(count)), names=names),
        "lasts": "life",
    }
    play = stage(tiers=system)
    play.pay("anna", "o1", at("2026-01-01"), order((count - 1) * 10_000 - 1))
    play.pay("bob", "o2", at("2026-01-01"), order((count - 1) * 10_000))
    assert (standing(play)[0], standing(play, "bob")[0]) == (names[-2], names[-1])


def test_a_tier_added_between_two_takes_members_by_the_same_figures() -> None:
    """SC-49: with silver added between, the next event places a member of 150.00 there."""
    play = club({"measure": "orders.net"}, (0,), lasts="life")
    play.pay("anna", "o1", at("2026-01-01"), order(15_000))
    assert tier(play) == "bronze"
    wider = {"metrics": [{"measure": "orders.net"}], "levels": levels(0, 10_000), "lasts": "life"}
    play.publish(version_on(stage(tiers=wider)).program, at("2026-01-02"))
    play.pay("anna", "o2", at("2026-01-03"), order(1))
    assert tier(play) == "silver"


# Terms


MONTHLY = {"measure": "points.earned", "window": {"calendar": "month"}}


@pytest.mark.parametrize(
    ("start", "lasts", "extend", "since", "until"),
    [
        ("at_once", "period", None, "2026-03-10 12:00", "2026-04-01"),
        ("next_period", "period", None, "2026-04-01", "2026-05-01"),
        ("at_once", "next_period", None, "2026-03-10 12:00", "2026-05-01"),
        ("at_once", "period", {"days": 7}, "2026-03-10 12:00", "2026-04-08"),
        ("next_period", "next_period", None, "2026-04-01", "2026-06-01"),
    ],
)
def test_points_of_a_month_give_a_tier_for_a_time(
    start: str, lasts: str, extend: dict[str, int] | None, since: str, until: str
) -> None:
    """TD-04: from 10 March or 1 April, through 31 March, 30 April, 7 April (the end is the next midnight)."""
    system = {"extend": extend} if extend else {}
    tiers = {"metrics": [MONTHLY], "levels": levels(100, names=("gold",)), "start": start, "lasts": lasts}
    play = stage(tiers={**tiers, **system})
    play.pay("anna", "o1", at("2026-03-10 12:00"), order(10_000))
    if start == "next_period":
        assert standing(play) == (None, None, "2026-04-01")
        assert seen(play, "2026-03-11").begins == at("2026-04-01")
        play.run_timers("anna", at("2026-04-01"))
    assert standing(play) == ("gold", since, until)
    play.run_timers("anna", at(until) - 1)
    assert tier(play) == "gold"
    assert tier(play, until) is None


def test_everybody_begins_with_the_tier_that_needs_nothing() -> None:
    """At once, with its gift and without an end, though what is reached begins with the next period."""
    tiers = {"metrics": [MONTHLY], "levels": levels(0, 100, 200), "start": "next_period", "lasts": "period"}
    play = stage(tiers=tiers)
    assert entered(play.pay("anna", "o1", at("2026-03-10 12:00"), order(100))) == ["bronze"]
    assert standing(play) == ("bronze", "2026-03-10 12:00", None)
    play.pay("anna", "o2", at("2026-03-11 12:00"), order(10_000))
    assert standing(play) == ("bronze", "2026-03-10 12:00", "2026-04-01")
    decisions = play.pay("bert", "o3", at("2026-03-12 12:00"), order(20_000))
    assert entered(decisions) == ["bronze"]
    assert standing(play, "bert") == ("bronze", "2026-03-12 12:00", "2026-04-01")
    play.run_timers("anna", at("2026-04-01"))
    play.run_timers("bert", at("2026-04-01"))
    assert standing(play) == ("silver", "2026-04-01", "2026-05-01")
    assert standing(play, "bert") == ("gold", "2026-04-01", "2026-05-01")
    assert tier(play, "2026-05-01") == "bronze"


def test_a_tier_of_the_next_period_is_not_given_for_what_came_back() -> None:
    """Reached in March for April, but returned before April begins: no tier."""
    tiers = {
        "metrics": [MONTHLY],
        "levels": levels(100, names=("gold",)),
        "start": "next_period",
        "lasts": "period",
    }
    play = stage(tiers=tiers)
    play.pay("anna", "o1", at("2026-03-10"), order(10_000))
    play.cancel("o1", at("2026-03-20"))
    play.run_timers("anna", at("2026-04-01"))
    assert standing(play) == (None, None, None)


def test_balance_tiers_fall_straight_down() -> None:
    """TD-03: 250 points are gold, 200 of them spent five days later: bronze at once."""
    play = club(BY_BALANCE, (0, 100, 200), lasts="while_reached")
    play.pay("anna", "o1", at("2026-07-20"), order(25_000))
    assert tier(play) == "gold"
    play.adjust("anna", at("2026-07-25"), "points", -200)
    assert (tier(play), play.wallet("anna", "points").balance) == ("bronze", 50)


def test_what_is_owed_counts_for_no_balance() -> None:
    """100 points arrive in five days, and one is owed meanwhile: 99 are no silver, and paid off they are."""
    system = {"metrics": [BY_BALANCE], "levels": levels(0, 100), "lasts": "while_reached"}
    play = stage({"refunds": "unlimited"}, tiers=system)
    play.join("anna", at("2026-07-01"))
    play.adjust("anna", at("2026-07-02"), "points", 100, at("2026-07-07"))
    play.adjust("anna", at("2026-07-03"), "points", -1)
    assert play.wallet("anna", "points").debt == 1
    assert tier(play, "2026-07-07") == "bronze"
    assert [lack.missing for lack in seen(play, "2026-07-08").higher[0].missing] == [1]
    play.pay("anna", "o1", at("2026-07-09"), order(100))
    assert (play.wallet("anna", "points").debt, tier(play)) == (0, "silver")


@pytest.mark.parametrize(("round_up", "until"), [(None, "2026-08-20"), ("month", "2026-09-01")])
def test_grace_of_a_balance_tier_counts_from_its_start(round_up: str | None, until: str) -> None:
    """TD-03: reached on 20 July, a month of grace holds it through 19 August, or to that month's end."""
    rounding = {"grace_round_up": round_up} if round_up else {}
    play = club(BY_BALANCE, (0, 100, 200), lasts="while_reached", grace={"months": 1}, **rounding)
    play.pay("anna", "o1", at("2026-07-20"), order(25_000))
    play.adjust("anna", at("2026-07-25"), "points", -200)
    assert standing(play) == ("gold", "2026-07-20", until)
    assert seen(play, "2026-07-26").in_grace
    play.run_timers("anna", at(until) - 1)
    assert tier(play) == "gold"
    assert tier(play, until) == "bronze"


def test_a_balance_that_recovers_within_the_grace_keeps_the_tier() -> None:
    """The grace is forgotten, and the next fall finds the old one over: down at once."""
    play = club(BY_BALANCE, (0, 100, 200), lasts="while_reached", grace={"months": 1})
    play.pay("anna", "o1", at("2026-07-20"), order(25_000))
    play.adjust("anna", at("2026-07-25"), "points", -200)
    play.adjust("anna", at("2026-07-26"), "points", 150)
    assert standing(play) == ("gold", "2026-07-20", None)
    play.adjust("anna", at("2026-09-01"), "points", -1)
    assert tier(play) == "silver"


def test_status_for_life_and_status_for_a_year() -> None:
    """SC-48: a year passes without requalifying: the first keeps the tier, the second drops by policy."""
    rolling = {"measure": "orders.net", "window": {"last": {"years": 1}}}
    for_life = club({"measure": "orders.net"}, (0, 10_000), lasts="life")
    for_a_year = club(rolling, (0, 10_000), lasts="span", span={"years": 1})
    for play in (for_life, for_a_year):
        play.pay("anna", "o1", at("2026-03-10 15:00"), order(10_000))
        assert tier(play) == "silver"
    assert standing(for_a_year)[2] == "2027-03-11"
    assert [tier(play, "2027-03-10 23:59") for play in (for_life, for_a_year)] == ["silver", "silver"]
    assert [tier(play, "2027-03-11") for play in (for_life, for_a_year)] == ["silver", "bronze"]


def test_requalifying_extends_to_the_end_that_the_new_figures_give() -> None:
    """Silver from 2026 lasts through 2027; the spend of 2027 carries it through 2028, and no further."""
    play = club(BY_SPEND, (0, 10_000))
    play.pay("anna", "o1", at("2026-03-10 12:00"), order(10_000))
    assert standing(play) == ("silver", "2026-03-10 12:00", "2028-01-01")
    play.pay("anna", "o2", at("2027-06-01"), order(10_000))
    play.run_timers("anna", at("2028-01-01"))
    assert standing(play) == ("silver", "2028-01-01", "2029-01-01")
    play.run_timers("anna", at("2029-01-01"))
    assert standing(play) == ("bronze", "2029-01-01", None)


@pytest.mark.parametrize(
    ("downgrade", "path"),
    [
        ("requalify", ["bronze", "bronze"]),
        ("one_level", ["silver", "bronze"]),
        ("never", ["gold", "gold"]),
    ],
)
def test_downgrade_policies(downgrade: str, path: list[str]) -> None:
    """Gold and then nothing bought: straight down, level by level, or never."""
    play = club(BY_SPEND, (0, 10_000, 20_000), lasts="period", downgrade=downgrade)
    play.pay("anna", "o1", at("2026-03-10"), order(20_000))
    assert [tier(play, "2027-01-01"), tier(play, "2028-01-01")] == path


def test_a_tier_that_cannot_be_lost() -> None:
    """``downgradable: false`` keeps its members, while others fall by policy."""
    tiers = levels(0, 10_000, 20_000)
    tiers[2]["downgradable"] = False
    play = stage(tiers={"metrics": [BY_SPEND], "levels": tiers, "lasts": "period"})
    play.pay("anna", "o1", at("2026-03-10"), order(20_000))
    play.pay("bob", "o2", at("2026-03-10"), order(10_000))
    for who in ("anna", "bob"):
        play.run_timers(who, at("2030-01-01"))
    assert (standing(play)[0], standing(play, "bob")[0]) == ("gold", "bronze")


def test_keeping_may_need_less_than_reaching() -> None:
    """Gold needs 200.00 to reach and 150.00 to keep."""
    tiers = levels(0, 10_000, 20_000)
    tiers[2]["keep"] = {"metric": 15_000}
    play = stage(tiers={"metrics": [BY_SPEND], "levels": tiers})
    play.pay("anna", "o1", at("2026-03-10"), order(20_000))
    play.pay("anna", "o2", at("2027-03-10"), order(15_000))
    assert tier(play, "2028-01-01") == "gold"
    play.pay("anna", "o3", at("2028-03-10"), order(14_999))
    assert tier(play, "2029-01-01") == "silver"


def test_grace_after_a_lapse_is_given_once() -> None:
    """A month after the year's end, then down; requalifying within the month keeps the tier."""
    lapsing = {"lasts": "period", "grace": {"months": 1}}
    play = club(BY_SPEND, (0, 10_000), **lapsing)
    play.pay("anna", "o1", at("2026-03-10"), order(10_000))
    play.run_timers("anna", at("2027-01-01"))
    assert standing(play) == ("silver", None, "2027-02-01")
    assert seen(play, "2027-01-15").in_grace
    assert tier(play, "2027-02-01") == "bronze"
    again = club(BY_SPEND, (0, 10_000), **lapsing)
    again.pay("anna", "o1", at("2026-03-10"), order(10_000))
    again.pay("anna", "o2", at("2027-01-20 12:00"), order(10_000))
    assert standing(again) == ("silver", "2027-01-20 12:00", "2028-01-01")
    assert tier(again, "2027-02-01") == "silver"


def test_monthly_grace_of_a_month_ends() -> None:
    """Where the grace is as long as the period, it is still given only once."""
    tiers = {
        "metrics": [MONTHLY],
        "levels": levels(100, names=("gold",)),
        "lasts": "period",
        "grace": {"months": 1},
    }
    play = stage(tiers=tiers)
    play.pay("anna", "o1", at("2026-03-10"), order(10_000))
    assert tier(play, "2026-04-30") == "gold"
    assert tier(play, "2026-05-01") is None


ROLLING = {"measure": "orders.net", "window": {"last": {"days": 30}}}


def test_windows_that_move_with_time_are_followed_to_the_day() -> None:
    """While the last 30 days hold 100.00: one look finds the day on which the first order leaves."""
    gold = levels(10_000, names=("gold",))
    play = stage(tiers={"metrics": [ROLLING], "levels": gold, "lasts": "while_reached"})
    play.pay("anna", "o1", at("2026-03-10 12:00"), order(6_000))
    play.pay("anna", "o2", at("2026-03-20 12:00"), order(5_000))
    assert standing(play) == ("gold", "2026-03-20 12:00", "2026-03-21")
    play.run_timers("anna", at("2026-03-21"))
    assert standing(play) == ("gold", "2026-03-20 12:00", "2026-04-09")
    assert tier(play, "2026-04-08 23:59") == "gold"
    assert tier(play, "2026-04-09") is None


def test_more_spend_prolongs_a_followed_tier_and_a_return_shortens_it() -> None:
    """The day that was found is too early after an order and too late after a return; a look finds it."""
    gold = levels(10_000, names=("gold",))
    play = stage(tiers={"metrics": [ROLLING], "levels": gold, "lasts": "while_reached"})
    play.pay("anna", "o1", at("2026-03-10 12:00"), order(10_000))
    play.run_timers("anna", at("2026-03-11"))
    play.pay("anna", "o2", at("2026-04-01 12:00"), order(10_000))
    play.pay("anna", "o3", at("2026-04-08 12:00"), order(10_000))
    assert standing(play)[2] == "2026-04-09"
    play.run_timers("anna", at("2026-04-09"))
    assert standing(play)[2] == "2026-05-08"
    play.give_back("o3", at("2026-04-20 12:00"), {})
    assert standing(play)[2] == "2026-04-21"
    play.run_timers("anna", at("2026-04-21"))
    assert standing(play)[2] == "2026-05-01"
    play.give_back("o2", at("2026-04-22"), {})
    assert standing(play) == (None, None, None)


@pytest.mark.parametrize(
    ("window", "looked_at"),
    [({"calendar": "month"}, "2026-04-01"), ({"ever": True}, None), ({"since_joining": True}, None)],
)
def test_followed_calendar_tiers_end_with_the_period(window: dict[str, Any], looked_at: str | None) -> None:
    """A tier that follows the month's spend is looked at when the month is over; one for ever is not."""
    metric = {"measure": "orders.net", "window": window}
    play = club(metric, (0, 10_000), lasts="while_reached")
    play.pay("anna", "o1", at("2026-03-10"), order(10_000))
    assert standing(play)[2] == looked_at
    assert tier(play, "2026-04-01") == ("bronze" if looked_at else "silver")
    assert standing(play)[2] is None


def test_grace_counts_from_the_day_and_not_from_the_hour() -> None:
    """Reached on 20 July in the afternoon: still held through 19 August, and no hour longer."""
    play = club(BY_BALANCE, (0, 100, 200), lasts="while_reached", grace={"months": 1})
    play.pay("anna", "o1", at("2026-07-20") + 15 * HOUR, order(25_000))
    play.adjust("anna", at("2026-07-25"), "points", -200)
    play.run_timers("anna", at("2026-08-20") - 1)
    assert tier(play) == "gold"
    assert tier(play, "2026-08-20") == "bronze"
