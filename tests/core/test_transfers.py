"""Corrections by staff, and points that move between members. TRF-01."""

from __future__ import annotations

from perennial.core.decide import decide
from perennial.core.decisions.transfers import sent_lots
from perennial.core.effects import Debit
from perennial.core.events import TransferSent
from perennial.core.fold import fold
from perennial.ledger.account import Account
from perennial.ledger.lot import LotKey, Origin
from tests.core.ledger_stage import at, figures, lots, order, refusal_of, stage, version_on

_ROLLING = {"type": "rolling", "after": {"months": 6}}


def test_200_points_move() -> None:
    """TRF-01: from 1000 and 500 to 800 and 700."""
    play = stage()
    play.pay("anna", "o1", at("2026-01-01"), order(100_000))
    play.pay("bob", "o2", at("2026-01-01"), order(50_000))
    play.transfer("anna", "bob", at("2026-01-02"), "points", 200)
    assert (play.wallet("anna", "points").balance, play.wallet("bob", "points").balance) == (800, 700)


def test_dates_travel_and_life_is_not_prolonged() -> None:
    """What moves keeps its dates, to and fro; the soonest to expire goes first."""
    play = stage({"expiry": _ROLLING})
    play.join("bob", at("2026-01-01"))
    play.pay("anna", "o1", at("2026-01-10"), order(10_000))
    play.pay("anna", "o2", at("2026-03-10"), order(10_000))
    play.transfer("anna", "bob", at("2026-06-01"), "points", 150)
    received = [("2026-01-10", "2026-07-11", 100), ("2026-03-10", "2026-09-11", 50)]
    assert lots(play.wallet("bob", "points")) == received
    play.transfer("bob", "anna", at("2026-06-02"), "points", 100)
    play.run_timers("anna", at("2026-07-11"))
    assert lots(play.wallet("anna", "points")) == [("2026-03-10", "2026-09-11", 50)]
    assert play.wallet("anna", "points").expired == 100


def test_pending_and_expired_points_stay() -> None:
    """Only what can be spent can be sent; the refusal says how much that is."""
    play = stage({"pending": {"type": "period", "after": {"days": 14}}, "expiry": _ROLLING})
    play.join("bob", at("2026-01-01"))
    play.pay("anna", "o1", at("2026-01-01 10:00"), order(10_000))
    for when in ("2026-01-15", "2026-07-17"):
        refusal = refusal_of(lambda day=when: play.transfer("anna", "bob", at(day), "points", 100))
        assert refusal.code.value == "insufficient_points"
        assert refusal.details == {"required": 100, "available": 0, "missing": 100}


def test_what_is_sent_is_what_arrives() -> None:
    """The sender's debits and the receiver's lots are the same points, through transit."""
    play = stage({"expiry": _ROLLING})
    play.pay("anna", "o1", at("2026-01-10"), order(10_000))
    anna, version = play.member("anna"), version_on(play)
    event = TransferSent(id=anna.customer_id, at=at("2026-01-11"), wallet="points", amount=60)
    decision = decide(event, version, anna)
    assert [e.target for e in decision.effects if isinstance(e, Debit)] == [Account.IN_TRANSIT]
    expected = ((LotKey(Origin.RECEIVED, at("2026-01-10"), at("2026-07-11")), 60),)
    assert sent_lots(decision, anna) == expected
    fold(anna, version, decision.effects, event.at)
    assert sent_lots(decision, anna) == expected
    assert play.wallet("anna", "points").spent == 0


def test_a_transfer_pays_the_receivers_debt() -> None:
    """A debt is paid by the next credit, wherever it comes from."""
    play = stage({"refunds": "unlimited"})
    play.join("bob", at("2026-01-01"))
    play.adjust("bob", at("2026-01-01"), "points", -40)
    play.pay("anna", "o1", at("2026-01-01"), order(10_000))
    play.transfer("anna", "bob", at("2026-01-02"), "points", 100)
    assert figures(play.wallet("bob", "points")) == (60, 0, 0, 0)


def test_strangers_and_unknown_wallets_are_refused() -> None:
    """Both sides have to be members, and the wallet has to be there."""
    play = stage()
    play.pay("anna", "o1", at("2026-01-01"), order(10_000))
    assert refusal_of(lambda: play.adjust("bob", at("2026-01-02"), "points", 10)).code == "not_a_member"
    assert (
        refusal_of(lambda: play.transfer("bob", "anna", at("2026-01-02"), "points", 10)).code
        == "not_a_member"
    )
    assert refusal_of(lambda: play.adjust("anna", at("2026-01-02"), "stamps", 10)).details == {
        "wallet": "stamps"
    }


def test_a_correction_brings_its_own_dates_or_the_usual_ones() -> None:
    """Staff may say from when to when; otherwise points are there at once and live as earned ones do."""
    play = stage({"pending": {"type": "period", "after": {"days": 14}}, "expiry": _ROLLING})
    play.join("anna", at("2026-01-01"))
    play.adjust("anna", at("2026-01-10 10:00"), "points", 10)
    play.adjust(
        "anna", at("2026-01-10"), "points", 20, available_at=at("2026-02-01"), expires_at=at("2026-03-01")
    )
    play.adjust("anna", at("2026-01-10"), "points", 30, available_at=at("2026-04-01"))
    assert lots(play.wallet("anna", "points")) == [
        ("2026-01-10", "2026-07-11", 10),
        ("2026-02-01", "2026-03-01", 20),
        ("2026-04-01", "2026-10-02", 30),
    ]
    assert figures(play.wallet("anna", "points")) == (60, 50, 0, 0)
    play.run_timers("anna", at("2026-02-01"))
    assert figures(play.wallet("anna", "points")) == (60, 30, 0, 0)


def test_a_correction_beyond_the_balance_is_refused() -> None:
    """Staff cannot take what is not there; pending points are not there yet."""
    play = stage({"pending": {"type": "period", "after": {"days": 14}}})
    play.pay("anna", "o1", at("2026-01-01"), order(10_000))
    play.adjust("anna", at("2026-01-02"), "points", 30)
    refusal = refusal_of(lambda: play.adjust("anna", at("2026-01-02"), "points", -31))
    assert refusal.details == {"required": 31, "available": 30, "missing": 1}
    play.adjust("anna", at("2026-01-02"), "points", -30)
    assert figures(play.wallet("anna", "points")) == (100, 100, 0, 0)


def test_a_correction_of_nothing_changes_nothing() -> None:
    """Zero points make no lot and no effect."""
    play = stage()
    play.join("anna", at("2026-01-01"))
    assert play.adjust("anna", at("2026-01-02"), "points", 0)[-1].effects == ()
