"""What returns and staff do to a tier, its gifts, and what a member is told about it."""

from __future__ import annotations

import pytest

from perennial.core.effects import MoveTier
from perennial.core.orders.order import Line
from perennial.core.tiers.progress import progress
from tests.core.ledger_stage import PER_EURO, REVIEW, at, local, order, refusal_of, stage, version_on
from tests.core.tier_stage import BY_SPEND, club, entered, levels, seen, standing, tier


def test_a_return_lowers_a_tier_at_its_review_or_at_once() -> None:
    """By default the tier stays to its end; ``returns: at_once`` takes it with the order."""
    at_review = club(BY_SPEND, (0, 10_000))
    at_once = club(BY_SPEND, (0, 10_000), returns="at_once")
    for play in (at_review, at_once):
        play.pay("anna", "o1", at("2026-03-10"), order(5_000))
        play.pay("anna", "o2", at("2026-03-11"), order(5_000))
        play.give_back("o2", at("2026-03-12"), {})
    assert (tier(at_review), tier(at_once)) == ("silver", "bronze")
    assert tier(at_review, "2028-01-01") == "bronze"


def test_a_return_that_leaves_enough_takes_no_tier() -> None:
    """At once, but the rest is still enough: the spend of 2026 keeps the tier in 2027 too."""
    play = club(BY_SPEND, (0, 10_000), returns="at_once")
    play.pay("anna", "o1", at("2026-03-10"), order(Line(sku="a", amount=20_000, quantity=2)))
    play.give_back("o1", at("2027-03-12"), {"1": 1})
    assert tier(play) == "silver"
    play.give_back("o1", at("2027-03-13"), {"1": 1})
    assert tier(play) == "bronze"


def test_staff_sets_a_floor_and_lifts_it() -> None:
    """A floor lifts at once, is never undercut, and without it the figures decide at the next review."""
    play = club(BY_SPEND, (0, 10_000, 20_000), lasts="period")
    play.join("anna", at("2026-01-10"))
    decisions = play.assign_tier("anna", at("2026-01-11 12:00"), "silver")
    assert (standing(play), entered(decisions)) == (("silver", "2026-01-11 12:00", "2027-01-01"), ["silver"])
    assert tier(play, "2027-01-01") == "silver"
    play.pay("anna", "o1", at("2027-02-01"), order(20_000))
    assert tier(play) == "gold"
    assert tier(play, "2028-01-01") == "silver"
    play.assign_tier("anna", at("2028-02-01"), None)
    assert tier(play) == "silver"
    assert tier(play, "2029-01-01") == "bronze"


def test_a_lifted_floor_takes_a_tier_for_life_with_it() -> None:
    """A tier without an end that only the floor held is judged when the floor goes."""
    play = club({"measure": "orders.net"}, (0, 10_000), lasts="life")
    play.join("anna", at("2026-01-10"))
    play.assign_tier("anna", at("2026-01-11"), "silver")
    play.assign_tier("anna", at("2026-01-12"), None)
    assert tier(play) == "bronze"


def test_unknown_tiers_and_strangers_are_refused() -> None:
    """Only tiers of the program, and only members."""
    play = club(BY_SPEND, (0, 10_000))
    assert refusal_of(lambda: play.assign_tier("anna", at("2026-01-11"), "silver")).code == "not_a_member"
    play.join("anna", at("2026-01-10"))
    refusal = refusal_of(lambda: play.assign_tier("anna", at("2026-01-11"), "platinum"))
    assert (refusal.code.value, refusal.details) == ("tier_unknown", {"tier": "platinum"})


GIFT = {"id": "gift", "type": "fixed", "trigger": "tier.entered", "points": 10}


@pytest.mark.parametrize(
    ("skipped", "expected"), [(True, ["bronze", "silver", "gold"]), (False, ["bronze", "gold"])]
)
def test_gifts_of_skipped_tiers(skipped: bool, expected: list[str]) -> None:
    """Jumping over silver gives its gift too, or not, by declaration."""
    system = {"metrics": [BY_SPEND], "levels": levels(0, 10_000, 20_000), "gifts_of_skipped_tiers": skipped}
    play = stage(tiers=system, earning_rules=[PER_EURO, REVIEW, GIFT])
    decisions = play.pay("anna", "o1", at("2026-03-10"), order(20_000))
    assert entered(decisions) == expected
    assert play.wallet("anna", "points").balance == 200 + 10 * len(expected)


@pytest.mark.parametrize(("again", "gifts"), [(False, 2), (True, 3)])
def test_gifts_of_a_tier_entered_again(again: bool, gifts: int) -> None:
    """Silver is lost and reached again: its gift is given once, or again, by declaration."""
    system = {"metrics": [BY_SPEND], "levels": levels(0, 10_000), "lasts": "period", "gifts_again": again}
    play = stage(tiers=system, earning_rules=[REVIEW, GIFT])
    play.pay("anna", "o1", at("2026-03-10"), order(10_000))
    assert tier(play, "2027-01-01") == "bronze"
    play.pay("anna", "o2", at("2027-03-10"), order(10_000))
    assert (tier(play), play.wallet("anna", "points").balance) == ("silver", 10 * gifts)


def test_a_downgrade_gives_no_gift() -> None:
    """Falling into a tier is not entering it."""
    system = {
        "metrics": [BY_SPEND],
        "levels": levels(0, 10_000, 20_000),
        "lasts": "period",
        "downgrade": "one_level",
    }
    play = stage(tiers={**system, "gifts_of_skipped_tiers": False}, earning_rules=[REVIEW, GIFT])
    play.pay("anna", "o1", at("2026-03-10"), order(20_000))
    assert entered(play.run_timers("anna", at("2027-01-01"))) == []
    assert tier(play) == "silver"


def test_moves_say_why() -> None:
    """Every move carries its reason, and an event that moves nothing leaves no move."""
    play = club(BY_SPEND, (0, 10_000), lasts="period")
    decisions = play.pay("anna", "o1", at("2026-03-10"), order(10_000))
    decisions += play.pay("anna", "o2", at("2026-03-11"), order(10_000))
    decisions += play.run_timers("anna", at("2027-01-01"))
    moves = [e for d in decisions for e in d.effects if isinstance(e, MoveTier)]
    assert [(move.before, move.tier, move.because) for move in moves] == [
        (None, "bronze", "reached"),
        ("bronze", "silver", "reached"),
        ("silver", "bronze", "lost"),
    ]


# Progress


def test_progress_says_what_is_missing() -> None:
    """60.00 spent this year: 40.00 to silver, 140.00 to gold; bronze is not at risk."""
    play = club(BY_SPEND, (0, 10_000, 20_000))
    play.pay("anna", "o1", at("2026-03-10"), order(6_000))
    found = seen(play, "2026-03-11")
    assert (found.tier, found.until, found.risk, found.figures) == ("bronze", None, None, {"metric": 6_000})
    assert [(tier.tier, tier.missing[0].missing) for tier in found.higher] == [
        ("silver", 4_000),
        ("gold", 14_000),
    ]


def test_progress_says_what_is_at_risk_and_when() -> None:
    """Silver of 2026 is safe through 2027; what counts for 2028 is the spend of 2027."""
    play = club(BY_SPEND, (0, 10_000))
    play.pay("anna", "o1", at("2026-03-10"), order(10_000))
    early = seen(play, "2026-06-01").risk
    assert early is not None
    assert (local(early.at), early.tier, local(early.counts_from)) == ("2028-01-01", "bronze", "2027-01-01")
    assert early.missing[0].missing == 10_000
    play.pay("anna", "o2", at("2027-03-10"), order(7_000))
    later = seen(play, "2027-06-01").risk
    assert later is not None
    assert (later.missing[0].figure, later.missing[0].missing) == (7_000, 3_000)
    play.pay("anna", "o3", at("2027-07-10"), order(3_000))
    assert seen(play, "2027-07-11").risk is None


def test_progress_knows_nothing_of_strangers() -> None:
    """Without membership or tiers there is no progress."""
    play = club(BY_SPEND, (0, 10_000))
    assert progress(version_on(play), play.member("anna"), at("2026-01-01")) is None
    plain = stage()
    plain.join("anna", at("2026-01-01"))
    assert progress(version_on(plain), plain.member("anna"), at("2026-01-02")) is None
