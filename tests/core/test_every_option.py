"""Every option of wallets, tiers, limits, enrollment and pooling changes what comes of one life.

More than two years of two members is played under a program with an option and under the same program
without it, or with another value: what they have, when they have it or which tier they are in differs.
An option that is added to a document without a life in which it matters is missed here.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from perennial.core.dates.periods import Period
from perennial.core.decision import Decision
from perennial.core.document.program import (
    Combine,
    Downgrade,
    Enrollment,
    EnrollmentMode,
    Pool,
    Program,
    RefundPolicy,
    RoundUp,
    Tier,
    TierLasts,
    TierMetric,
    TierReturns,
    TierStart,
    TierSystem,
    WalletSpec,
)
from perennial.core.member import Household
from perennial.core.rehearsal.rehearsal import Rehearsal, RehearsalRefused
from perennial.core.terms.limits import Limit
from perennial.units import Rounding
from tests.core.ledger_stage import at, figures, local, lots, order, stage

BASE = {"id": "base", "type": "per_amount", "points": 1, "per": 100}
REVIEW = {"id": "review", "type": "fixed", "trigger": "review.posted", "points": 10}
REWARD = {"id": "gift", "name": "Gift", "price": 20, "gives": [{"type": "amount_off", "value": 100}]}
BIG = REWARD | {"id": "big", "price": 75}
MONTHLY = [f"{year}-{month:02}-15" for year in (2026, 2027, 2028) for month in range(1, 13)][8:30]


def live(document: dict[str, Any]) -> list[Any]:
    """Return what two members get and have after each thing that happens to them, to the middle of 2028."""
    together = document.get("together", False)
    parts = {name: part for name, part in document.items() if name != "together"}
    play = stage(**{"rewards": [REWARD, BIG], "earning_rules": [BASE, REVIEW], **parts})
    if together:
        _live_together(play)
    seen: list[Any] = []

    def does(deed: Any) -> None:
        try:
            decisions: list[Decision] = deed() or []
        except RehearsalRefused as refused:
            seen.append(refused.refusal.code)
            decisions = []
        seen.append([(award.rule, award.points) for each in decisions for award in each.awards])
        seen.append([_standing(play, who) for who in ("anna", "ben")])

    for who in ("anna", "ben"):
        does(lambda who=who: play.describe(who, {"birthday": "1990-05-20"}, at("2026-01-10")))
    does(lambda: play.pay("anna", "early", at("2026-01-10 10:00"), order(2550)))
    does(lambda: play.pay("ben", "p1", at("2026-01-10 10:10"), order(4000)))
    does(lambda: play.join("anna", at("2026-01-10 10:15")))
    for when in ("01-10 10:20", "01-10 10:50", "01-10 11:20", "01-11 09:00", "01-12 09:00", "02-02 09:00"):
        does(lambda when=when: play.report("anna", at(f"2026-{when}"), "review.posted", {"stars": 3}))
        does(lambda when=when: play.report("ben", at(f"2026-{when}"), "review.posted", {"stars": 4}))
    does(lambda: play.pay("anna", "o2", at("2026-02-03"), order(3050)))
    does(lambda: play.fulfill("o2", at("2026-02-05")))
    does(lambda: play.claim("anna", at("2026-02-20"), "gift", "c1"))
    does(lambda: play.claim("anna", at("2026-02-21"), "gift", "c2"))
    does(lambda: play.claim("anna", at("2026-02-22"), "big", "c3"))
    does(lambda: play.give_back("o2", at("2026-03-01"), {}))
    does(lambda: play.pay("anna", "o3", at("2026-03-02"), order(29_900)))
    does(lambda: play.pay("ben", "p2", at("2026-03-05"), order(25_000)))
    does(lambda: play.pay("anna", "o4", at("2026-04-02"), order(1250)))
    does(lambda: play.cancel("o4", at("2026-04-05")))
    for name, number in (("2026-05-20", 5), ("2026-08-20", 6)):
        does(lambda name=name, number=number: play.pay("anna", f"o{number}", at(name), order(1000)))
    for day in MONTHLY:
        for who in ("anna", "ben"):
            does(lambda who=who, day=day: play.run_timers(who, at(day)))
        if day == "2027-01-15":
            does(lambda: play.report("anna", at("2027-01-16"), "review.posted", {"stars": 3}))
            does(lambda: play.pay("anna", "o9", at("2027-01-17"), order(12_000)))
            does(lambda: play.pay("ben", "p3", at("2027-01-18"), order(500)))
    return seen


def _live_together(play: Rehearsal) -> None:
    """Let the two share wallets, as people of a household do."""
    home = Household(UUID(int=1), "home", [play.member("anna"), play.member("ben")])
    wallets = home.people[0].wallets
    for each in home.people:
        each.owner, each.wallets, each.household = home.household_id, wallets, home


def _standing(play: Rehearsal, who: str) -> Any:
    membership = play.membership(who)
    wallet = play.wallet(who, "points")
    place = None
    if membership is not None:
        place = (membership.tier, local(membership.tier_since), local(membership.tier_until))
    return figures(wallet), lots(wallet), place


def wallet(**options: Any) -> dict[str, Any]:
    """Return a document whose wallet has these options."""
    return {"wallet": options, "tiers": _tiers()}


def _tiers(**system: Any) -> dict[str, Any]:
    levels = [
        {"id": "base", "name": "Base", "reach": {"metric": 0}},
        {"id": "silver", "name": "Silver", "reach": {"metric": 5000}},
        {"id": "gold", "name": "Gold", "reach": {"metric": 20_000}},
    ]
    metric = {"measure": "orders.net", "window": {"calendar": "year"}}
    return {"metrics": [metric], "levels": levels, **system}


def tiers(**system: Any) -> dict[str, Any]:
    """Return a document whose tiers have these options, and give 50 points when they are entered."""
    gift = {"id": "gift", "type": "fixed", "trigger": "tier.entered", "points": 50}
    return {"tiers": _tiers(**system), "earning_rules": [BASE, REVIEW, gift]}


def level(**options: Any) -> dict[str, Any]:
    """Return a document whose highest tier has these options."""
    document = tiers()
    document["tiers"]["levels"][2] |= options
    return document


def metric(**options: Any) -> dict[str, Any]:
    """Return a document whose tiers are by this figure, reached with 3 and 6 of it."""
    document = tiers(metrics=[options], lasts="life")
    for each, needed in zip(document["tiers"]["levels"], (0, 3, 6), strict=True):
        each["reach"] = {"metric": needed}
    document["declarations"] = {"events": {"review.posted": {"attributes": {"stars": {"type": "integer"}}}}}
    return document


def limit(**options: Any) -> dict[str, Any]:
    """Return a document whose rule on reviews has a limit."""
    return {"earning_rules": [BASE, REVIEW | {"limits": [options]}]}


def order_limit(**options: Any) -> dict[str, Any]:
    """Return a document whose rule on orders has a limit."""
    return {"earning_rules": [BASE | {"limits": [options]}, REVIEW]}


def enrollment(**options: Any) -> dict[str, Any]:
    """Return a document with this way of joining."""
    return {"enrollment": options}


def at_home(document: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Return a document whose two members live together."""
    return {**document, **options, "together": True}


def combined(how: str) -> dict[str, Any]:
    """Return a document with two multipliers at once."""
    campaigns = [{"id": name, "multiplier": {"by": by}} for name, by in (("a", "2"), ("b", "3"))]
    return {"campaigns": campaigns, "combine": how}


_DATED = {"type": "rolling", "after": {"months": 2}}
_GRACE = {"downgrade": "requalify", "grace": {"days": 40}}
_ORDERS = {"measure": "orders.count"}
_OTHER = {
    "wallets": [{"id": "points", "name": "Points"}, {"id": "stars", "name": "Stars"}],
    "rewards": [REWARD | {"wallet": "points"}, BIG | {"wallet": "points"}],
}
_BY_WALLET = {"earning_rules": [BASE | {"wallet": "stars"}, REVIEW | {"wallet": "points"}]} | _OTHER
_STARS = {"measure": "events.sum", "event": "review.posted", "attribute": "stars"}

OPTIONS: dict[tuple[type, str], list[tuple[dict[str, Any], dict[str, Any]]]] = {
    (WalletSpec, "expiry"): [
        (wallet(), wallet(expiry=_DATED)),
        (wallet(), wallet(expiry={"type": "fixed_dates", "dates": ["06-30", "12-31"]})),
        (wallet(), wallet(expiry={"type": "inactivity", "after": {"months": 3}})),
        (
            wallet(expiry={"type": "inactivity", "after": {"months": 3}}),
            wallet(expiry={"type": "inactivity", "after": {"months": 3}, "activities": ["spending"]}),
        ),
        *(
            (wallet(expiry=_DATED), wallet(expiry=_DATED | {"round_up": each.value}))
            for each in RoundUp
            if each is not RoundUp.DAY
        ),
    ],
    (WalletSpec, "pending"): [
        (wallet(), wallet(pending={"type": "period", "after": {"days": 14}})),
        (wallet(), wallet(pending={"type": "fulfillment"})),
    ],
    (WalletSpec, "tiers"): [
        (wallet(expiry=_DATED), wallet(expiry=_DATED, tiers={"silver": {"expiry": {"type": "none"}}})),
        (wallet(), wallet(tiers={"silver": {"pending": {"type": "period", "after": {"days": 5}}}})),
    ],
    (WalletSpec, "refunds"): [
        (wallet(), wallet(refunds=each.value)) for each in RefundPolicy if each.value != "within_balance"
    ],
    (WalletSpec, "caps"): [(wallet(), wallet(caps=[{"points": 30, "every": "month"}]))],
    (WalletSpec, "spending"): [
        (wallet(), wallet(spending=[{"points": 30, "every": "month"}])),
        (wallet(), wallet(spending=[{"times": 1, "per": "total"}])),
    ],
    (WalletSpec, "rounding"): [
        (
            {"wallet": {}, "campaigns": [{"id": "more", "multiplier": {"by": "1.5"}}]},
            {"wallet": {"rounding": each.value}, "campaigns": [{"id": "more", "multiplier": {"by": "1.5"}}]},
        )
        for each in Rounding
        if each is not Rounding.DOWN
    ],
    (Limit, "points"): [(limit(times=99), limit(points=35))],
    (Limit, "times"): [(limit(times=99), limit(times=3))],
    (Limit, "every"): [
        *(
            (limit(points=10), limit(points=10, every=each.value))
            for each in Period
            if each is not Period.EVER
        ),
        *(
            (limit(points=10, per="total"), limit(points=10, per="total", every=each.value))
            for each in Period
            if each is not Period.EVER
        ),
    ],
    (Limit, "per"): [(limit(points=35), limit(points=35, per="total"))],
    (Limit, "at_cap"): [(limit(points=35), limit(points=35, at_cap="reject"))],
    (Limit, "order_value"): [(order_limit(times=99), order_limit(order_value=5000))],
    (Limit, "customers"): [(limit(times=99, per="total"), limit(customers=1, per="total"))],
    (Limit, "comes_back"): [(order_limit(points=90), order_limit(points=90, comes_back=False))],
    (TierSystem, "start"): [(tiers(), tiers(start=TierStart.NEXT_PERIOD.value))],
    (TierSystem, "lasts"): [
        (tiers(), tiers(lasts=TierLasts.LIFE.value)),
        (tiers(), tiers(lasts=TierLasts.PERIOD.value)),
        (tiers(), tiers(lasts=TierLasts.WHILE_REACHED.value)),
    ],
    (TierSystem, "span"): [
        (tiers(lasts="span", span={"months": 5}), tiers(lasts="span", span={"months": 9})),
    ],
    (TierSystem, "extend"): [(tiers(lasts="period"), tiers(lasts="period", extend={"days": 45}))],
    (TierSystem, "downgrade"): [
        (tiers(lasts="period"), tiers(lasts="period", downgrade=each.value))
        for each in Downgrade
        if each is not Downgrade.REQUALIFY
    ],
    (TierSystem, "grace"): [(tiers(lasts="period"), tiers(lasts="period", **_GRACE))],
    (TierSystem, "grace_round_up"): [
        (tiers(lasts="period", **_GRACE), tiers(lasts="period", grace_round_up="quarter", **_GRACE)),
    ],
    (TierSystem, "gifts_of_skipped_tiers"): [(tiers(), tiers(gifts_of_skipped_tiers=False))],
    (TierSystem, "gifts_again"): [(tiers(lasts="period"), tiers(lasts="period", gifts_again=True))],
    (TierSystem, "returns"): [(tiers(), tiers(returns=TierReturns.AT_ONCE.value))],
    (TierSystem, "metrics"): [
        (tiers(), tiers(metrics=[{"measure": "orders.net", "window": {"calendar": "quarter"}}]))
    ],
    (Tier, "reach"): [(level(), level(reach={"metric": 33_000}))],
    (Tier, "keep"): [(level(), level(keep={"metric": 1}))],
    (Tier, "multiplier"): [(level(), level(multiplier={"by": "2"}))],
    (Tier, "downgradable"): [(level(), level(downgradable=False))],
    (TierMetric, "measure"): [
        (metric(**_ORDERS), metric(measure=each)) for each in ("orders.net", "lines.net", "points.earned")
    ],
    (TierMetric, "balance"): [(metric(**_ORDERS), metric(balance="points"))],
    (TierMetric, "where"): [
        (
            metric(measure="lines.quantity"),
            metric(measure="lines.quantity", where={"fact": "line.sku", "is": "x"}),
        ),
    ],
    (TierMetric, "event"): [(metric(**_ORDERS), metric(measure="events.count", event="review.posted"))],
    (TierMetric, "attribute"): [(metric(measure="events.count", event="review.posted"), metric(**_STARS))],
    (TierMetric, "wallet"): [
        (
            metric(measure="points.earned", wallet="points") | _BY_WALLET,
            metric(measure="points.earned", wallet="stars") | _BY_WALLET,
        ),
    ],
    (TierMetric, "window"): [
        (metric(**_ORDERS), metric(window={"calendar": "year"}, **_ORDERS)),
        (metric(**_ORDERS), metric(window={"calendar": "month"}, **_ORDERS)),
        (metric(**_ORDERS), metric(window={"last": {"days": 60}}, **_ORDERS)),
    ],
    (Program, "pool"): [
        (at_home(tiers()), at_home(tiers(), pool=Pool.ALL.value)),
        (at_home(limit(times=3)), at_home(limit(times=3), pool=Pool.ALL.value)),
        (limit(times=3), at_home(limit(times=3))),
    ],
    (Enrollment, "mode"): [({}, enrollment(mode=EnrollmentMode.ON_REQUEST.value))],
}

ELSEWHERE = {
    (WalletSpec, "id"): "a name",
    (WalletSpec, "name"): "a name",
    (WalletSpec, "decimals"): "how amounts are shown: tests/http/test_reports.py",
    (WalletSpec, "grace"): "carts that come back late: tests/core/test_used.py",
    (WalletSpec, "pays"): "paying with points: tests/core/test_payments.py",
    (Limit, "attribute"): "parts of a limit: tests/core/test_earning_limits.py",
    (Limit, "discount"): "limits of rewards: tests/core/test_reward_limits.py",
    (Limit, "units"): "limits of rewards: tests/core/test_reward_limits.py",
    (Limit, "by_product"): "limits of rewards: tests/core/test_product_limits.py",
    (TierSystem, "levels"): "the tiers themselves",
    (Tier, "id"): "a name",
    (Tier, "name"): "a name",
    (TierMetric, "id"): "a name",
    (Enrollment, "count_past_orders"): "the store plays it: tests/flows/test_days.py",
    (Enrollment, "segment"): "segments: tests/core/test_segment_cases.py",
    (Enrollment, "closed"): "segments: tests/core/test_segment_cases.py",
}

_PAIRS = [
    pytest.param(without, having, id=f"{kind.__name__}.{field}-{number}")
    for (kind, field), pairs in OPTIONS.items()
    for number, (without, having) in enumerate(pairs)
]


@pytest.mark.parametrize(("without", "having"), _PAIRS)
def test_an_option_changes_a_result(without: dict[str, Any], having: dict[str, Any]) -> None:
    """The same life with and without it comes to something else, and to the same when played again."""
    played = live(having)
    assert live(without) != played
    assert live(having) == played


def test_combinations_of_multipliers_differ() -> None:
    """Best, sum and product of a double and a triple campaign are three things."""
    played = [live(combined(each.value)) for each in Combine]
    assert all(played.count(each) == 1 for each in played)


def test_no_option_is_forgotten() -> None:
    """Whatever a document may say of these parts is tried above, or named with its place."""
    fields = {
        (kind, field.name)
        for kind in (WalletSpec, Limit, TierSystem, Tier, TierMetric, Enrollment)
        for field in msgspec.structs.fields(kind)
    }
    assert fields | {(Program, "pool")} == OPTIONS.keys() | ELSEWHERE.keys()
    assert OPTIONS.keys().isdisjoint(ELSEWHERE)
