"""Points for a reward, whole or not at all. EXP-01, SC-15, SC-35, SC-42, SC-45."""

from __future__ import annotations

from typing import Any

from perennial.core.decision import Decision
from perennial.core.effects import Debit, IssueVoucher
from perennial.core.orders.order import Scalar
from perennial.core.rehearsal.rehearsal import Rehearsal
from perennial.ledger.account import Account
from tests.core.ledger_stage import at, local, lots, order, refusal_of, stage

_TIERS = {
    "metrics": [{"measure": "orders.net"}],
    "lasts": "life",
    "levels": [
        {"id": "base", "name": "Base", "reach": {"metric": 0}},
        {"id": "vip", "name": "VIP", "reach": {"metric": 50_000}},
    ],
}


def shop(
    wallet: dict[str, Any] | None = None, reward: dict[str, Any] | None = None, **parts: Any
) -> Rehearsal:
    """Return a program with one reward of 5.00 for 500 points."""
    off = {
        "id": "five",
        "name": "5.00 off",
        "price": 500,
        "gives": [{"type": "amount_off", "value": 500}],
        **(reward or {}),
    }
    return stage(wallet, rewards=[off], **parts)


def voucher(decisions: list[Decision]) -> IssueVoucher:
    """Return the voucher that was issued."""
    return next(e for d in decisions for e in d.effects if isinstance(e, IssueVoucher))


def details(play: Rehearsal, when: str, reward: str = "five") -> tuple[str, dict[str, Scalar]]:
    """Return the code and the numbers of the refusal of a claim."""
    refusal = refusal_of(lambda: play.claim("anna", at(when), reward))
    return refusal.code.value, refusal.details


def test_a_claim_takes_the_price_and_gives_a_voucher() -> None:
    """500 of 800 points are redeemed for a voucher of 5.00, which keeps its price."""
    play = shop(reward={"expires_after": {"months": 1}})
    play.pay("anna", "o1", at("2026-01-01"), order(80_000))
    issued = voucher(play.claim("anna", at("2026-01-31 12:00"), "five"))
    assert (issued.reward, issued.value, issued.currency, issued.points) == ("five", 500, "USD", 500)
    assert local(issued.expires_at) == "2026-03-01"
    wallet = play.wallet("anna", "points")
    assert (wallet.balance, wallet.spent, wallet.earned) == (300, 500, 800)


def test_the_lot_that_expires_soonest_is_spent_first() -> None:
    """EXP-01: 100 that expire in June 2027 were earned first, 100 that expire in January are spent."""
    play = shop(reward={"price": 100})
    play.pay("anna", "o1", at("2026-01-01"), order(1))
    play.adjust("anna", at("2026-01-01"), "points", 100, expires_at=at("2027-06-01"))
    play.adjust("anna", at("2026-01-02"), "points", 100, expires_at=at("2027-01-01"))
    play.claim("anna", at("2026-02-01"), "five")
    assert lots(play.wallet("anna", "points")) == [("2026-01-01", "2027-06-01", 100)]


def test_undated_points_are_spent_last_and_equal_dates_oldest_first() -> None:
    """Soonest expiry, then oldest, never-expiring last; one claim may use several lots."""
    play = shop(reward={"price": 120})
    play.pay("anna", "o1", at("2026-01-01"), order(10_000))
    play.adjust("anna", at("2026-01-02"), "points", 50, expires_at=at("2027-01-01"))
    play.adjust("anna", at("2026-01-03"), "points", 50, expires_at=at("2027-01-01"))
    decisions = play.claim("anna", at("2026-02-01"), "five")
    debits = [
        e.amount for e in decisions[-1].effects if isinstance(e, Debit) and e.target is Account.REDEEMED
    ]
    assert debits == [50, 50, 20]
    assert lots(play.wallet("anna", "points")) == [("2026-01-01", None, 80)]


def test_a_refusal_says_what_is_missing() -> None:
    """With 480 of 500 points: 20 are missing, and nothing changes."""
    play = shop()
    play.pay("anna", "o1", at("2026-01-01"), order(48_000))
    expected = {"required": 500, "available": 480, "missing": 20}
    assert details(play, "2026-01-02") == ("insufficient_points", expected)
    assert play.wallet("anna", "points").balance == 480


def test_pending_and_expired_points_cannot_be_spent() -> None:
    """Points are there from activation up to, and not including, the instant of their expiry."""
    wallet = {
        "pending": {"type": "period", "after": {"days": 14}},
        "expiry": {"type": "rolling", "after": {"days": 10}},
    }
    play = shop(wallet)
    play.pay("anna", "o1", at("2026-01-01 10:00"), order(50_000))
    assert details(play, "2026-01-15 23:59")[1]["available"] == 0
    assert details(play, "2026-01-27")[1]["available"] == 0
    early = shop(wallet)
    early.pay("anna", "o1", at("2026-01-01 10:00"), order(50_000))
    early.claim("anna", at("2026-01-26 23:59"), "five")
    assert early.wallet("anna", "points").balance == 0


def test_points_that_are_owed_are_not_there() -> None:
    """What a member owes is paid off before anything can be spent."""
    play = shop({"refunds": "unlimited"})
    play.pay("anna", "o1", at("2026-01-01"), order(50_000))
    play.claim("anna", at("2026-01-02"), "five")
    play.cancel("o1", at("2026-01-03"))
    play.pay("anna", "o2", at("2026-01-04"), order(60_000))
    assert details(play, "2026-01-05")[1] == {"required": 500, "available": 100, "missing": 400}


def test_unknown_rewards_and_strangers_are_refused() -> None:
    """A reward that the program does not have, and a customer who does not belong to it."""
    play = shop()
    assert details(play, "2026-01-01", "six")[0] == "reward_unknown"
    assert details(play, "2026-01-01") == ("not_a_member", {"program": "shop"})


def test_rewards_of_a_tier_are_for_its_members() -> None:
    """SC-45: a bottom member is refused with the tier that is needed; a VIP may claim."""
    play = shop(reward={"tiers": ["vip"]}, tiers=_TIERS)
    play.pay("anna", "o1", at("2026-01-01"), order(49_999))
    play.adjust("anna", at("2026-01-01"), "points", 1000)
    assert details(play, "2026-01-02") == ("needs_tier", {"needs_tier": "vip", "tier": "base"})
    play.pay("anna", "o2", at("2026-01-03"), order(1))
    assert voucher(play.claim("anna", at("2026-01-04"), "five")).value == 500


def test_schedule_condition_and_limits_of_a_reward() -> None:
    """SC-15: each refusal names what stands in the way, with the value that was seen."""
    reward = {
        "schedule": {"starts": "2026-02-01", "ends": "2026-02-28"},
        "when": {"history": "orders.count", "window": {"ever": True}, "at_least": 2},
        "limits": [{"times": 1, "every": "month"}],
    }
    play = shop(reward=reward)
    play.pay("anna", "o1", at("2026-01-01"), order(200_000))
    early = {"reward": "five", "starts_at": "2026-01-31T23:00:00Z"}
    assert details(play, "2026-01-31 23:59") == ("reward_not_available", early)
    code, seen = details(play, "2026-02-01")
    assert (code, seen["value"]) == ("conditions_not_met", 1)
    play.pay("anna", "o2", at("2026-02-02"), order(100))
    play.claim("anna", at("2026-02-03"), "five")
    assert details(play, "2026-02-04") == (
        "limit_reached",
        {"reward": "five", "limit": "reward five: 1 time per month: used up", "cap": 1, "used": 1},
    )
    assert details(play, "2026-03-01")[0] == "reward_not_available"


def test_nothing_is_claimed_outside_the_programs_life() -> None:
    """SC-42: after the end no reward is given out, before the start neither."""
    play = shop(starts="2026-01-01", ends="2026-12-31")
    play.pay("anna", "o1", at("2026-12-30"), order(100_000))
    assert details(play, "2027-01-01") == ("program_ended", {"program": "shop"})
    assert voucher(play.claim("anna", at("2026-12-31 23:59"), "five")).points == 500
    early = shop(starts="2026-02-01")
    early.join("anna", at("2026-01-10"))
    assert details(early, "2026-01-31") == ("program_not_started", {"program": "shop"})


def test_a_free_reward_takes_no_points_but_counts() -> None:
    """A price of zero leaves the wallet alone; its limit still holds."""
    play = shop(reward={"price": 0, "limits": [{"times": 1}]})
    play.join("anna", at("2026-01-01"))
    assert voucher(play.claim("anna", at("2026-01-02"), "five")).points == 0
    assert details(play, "2026-01-03")[0] == "limit_reached"
