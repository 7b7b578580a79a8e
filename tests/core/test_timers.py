"""What time alone does. EXP-05, SC-26, SC-34, SC-42."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.decide import decide
from perennial.core.decision import Decision
from perennial.core.effects import Activate, Debit, Effect, MoveTier
from perennial.core.events import CustomEvent, TimersDue
from perennial.core.rehearsal.rehearsal import Rehearsal
from perennial.core.timers import due_with_days, next_due
from perennial.ledger.account import Account
from perennial.units import Points
from tests.core.ledger_stage import PER_EURO, REVIEW, at, figures, local, lots, order, stage, version_on

_BIRTHDAY = {"id": "birthday", "type": "fixed", "trigger": "member.birthday", "points": 50}
_ANNIVERSARY = {"id": "years", "type": "fixed", "trigger": "member.anniversary", "points": 30}


def due(play: Rehearsal, customer: str = "anna") -> str | None:
    """Return when the next timer of a member is due, as it stands."""
    return local(play.member(customer).due_at)


def effects_of(decisions: list[Decision]) -> list[Effect]:
    """Return all effects in their order."""
    return [effect for decision in decisions for effect in decision.effects]


def points_of_awards(decisions: list[Decision]) -> list[Points]:
    """Return the points of all awards."""
    return [award.points for decision in decisions for award in decision.awards]


def test_exactly_the_unspent_rest_expires() -> None:
    """SC-34: 100 earned, 60 spent: 40 expire at the due instant, not a microsecond before."""
    play = stage({"expiry": {"type": "rolling", "after": {"months": 1}}})
    play.pay("anna", "o1", at("2026-01-25 10:00"), order(10_000))
    play.adjust("anna", at("2026-02-01"), "points", -60)
    assert due(play) == "2026-02-26"
    assert play.run_timers("anna", at("2026-02-26") - 1) == []
    play.run_timers("anna", at("2026-02-26"))
    wallet = play.wallet("anna", "points")
    assert (figures(wallet), wallet.expired) == ((0, 0, 0, 0), 40)
    assert due(play) is None


def test_expiring_a_spent_lot_changes_nothing() -> None:
    """SC-34: a lot that was spent to the last point expires without any effect."""
    play = stage({"expiry": {"type": "rolling", "after": {"months": 1}}})
    play.pay("anna", "o1", at("2026-01-25"), order(10_000))
    play.pay("anna", "o2", at("2026-02-25"), order(5_000))
    play.adjust("anna", at("2026-02-25"), "points", -100)
    assert effects_of(play.run_timers("anna", at("2026-02-26"))) == []
    assert lots(play.wallet("anna", "points")) == [("2026-02-25", "2026-03-26", 50)]


def test_points_expire_up_to_a_date() -> None:
    """EXP-05: 100 until February, 200 until June, 50 for ever: 100 are gone in March, 300 in July."""
    play = stage()
    play.join("anna", at("2026-01-01"))
    play.adjust("anna", at("2026-01-01"), "points", 100, expires_at=at("2026-02-01"))
    play.adjust("anna", at("2026-01-02"), "points", 200, expires_at=at("2026-06-01"))
    play.adjust("anna", at("2026-01-03"), "points", 50)
    play.run_timers("anna", at("2026-03-01"))
    assert play.wallet("anna", "points").expired == 100
    play.run_timers("anna", at("2026-07-01"))
    assert (play.wallet("anna", "points").expired, play.wallet("anna", "points").balance) == (300, 50)


def test_pending_points_activate_at_their_instant() -> None:
    """Two weeks from 1 January: pending through the 15th, active as the 16th begins."""
    play = stage({"pending": {"type": "period", "after": {"weeks": 2}}})
    play.pay("anna", "o1", at("2026-01-01 10:00"), order(10_000))
    play.pay("anna", "o2", at("2026-01-02 10:00"), order(5_000))
    assert figures(play.wallet("anna", "points")) == (150, 150, 0, 0)
    unit = version_on(play).wallets[0].unit
    assert effects_of(play.run_timers("anna", at("2026-01-16"))) == [Activate(unit, 100, at("2026-01-16"))]
    assert figures(play.wallet("anna", "points")) == (150, 50, 0, 0)
    assert due(play) == "2026-01-17"


def test_instants_come_in_their_order() -> None:
    """Asked once after a long time: everything happened at its own instant, and not twice."""
    play = stage(
        {
            "pending": {"type": "period", "after": {"days": 1}},
            "expiry": {"type": "rolling", "after": {"days": 2}},
        }
    )
    play.pay("anna", "o1", at("2026-01-01"), order(10_000))
    play.pay("anna", "o2", at("2026-01-02"), order(20_000))
    effects = effects_of(play.run_timers("anna", at("2026-06-01")))
    found = [(type(e).__name__, e.amount) for e in effects if isinstance(e, Activate | Debit)]
    assert found == [("Activate", 100), ("Activate", 200), ("Debit", 100), ("Debit", 200)]
    assert effects_of(play.run_timers("anna", at("2026-06-01"))) == []
    assert figures(play.wallet("anna", "points")) == (0, 0, 0, 0)


def test_activation_lifts_a_balance_tier_and_expiry_lowers_it() -> None:
    """At one instant: activate, tier, expire, tier; a tier that follows the balance moves with time."""
    tiers = {
        "metrics": [{"balance": "points"}],
        "lasts": "while_reached",
        "levels": [{"id": "silver", "name": "Silver", "reach": {"metric": 100}}],
    }
    wallet = {
        "pending": {"type": "period", "after": {"days": 1}},
        "expiry": {"type": "rolling", "after": {"days": 2}},
    }
    play = stage(wallet, tiers=tiers)
    play.pay("anna", "o1", at("2026-01-01"), order(10_000))
    effects = effects_of(play.run_timers("anna", at("2026-01-10")))
    steps = [effect for effect in effects if isinstance(effect, Activate | Debit | MoveTier)]
    assert [type(effect).__name__ for effect in steps] == ["Activate", "MoveTier", "Debit", "MoveTier"]
    assert [effect.tier for effect in steps if isinstance(effect, MoveTier)] == ["silver", None]


def test_inactivity_takes_the_whole_balance() -> None:
    """Every activity postpones the end: six months after the last one, at the end of that day."""
    wallet = {"expiry": {"type": "inactivity", "after": {"months": 6}, "activities": ["earning", "spending"]}}
    reward = {"id": "off", "name": "Off", "price": 30, "gives": [{"type": "amount_off", "value": 500}]}
    play = stage(wallet, rewards=[reward])
    play.pay("anna", "o1", at("2026-01-10 10:00"), order(10_000))
    assert due(play) == "2026-07-11"
    play.pay("anna", "o2", at("2026-03-10 10:00"), order(5_000))
    play.claim("anna", at("2026-04-10 10:00"), "off")
    assert effects_of(play.run_timers("anna", at("2026-07-11"))) == []
    assert due(play) == "2026-10-11"
    play.run_timers("anna", at("2026-10-11"))
    assert (play.wallet("anna", "points").expired, play.wallet("anna", "points").balance) == (120, 0)
    assert due(play) is None


ONLY_SPENDING = {"expiry": {"type": "inactivity", "after": {"months": 6}, "activities": ["spending"]}}
KEPT_BY_GOLD = {
    "expiry": {"type": "inactivity", "after": {"months": 6}},
    "tiers": {"gold": {"expiry": {"type": "none"}}},
}
OFF = {"id": "off", "name": "Off", "price": 30, "gives": [{"type": "amount_off", "value": 500}]}


def test_points_expire_although_nobody_ever_was_active() -> None:
    """Where earning is no activity, the time of a first order's points begins when the member joins."""
    play = stage(ONLY_SPENDING)
    play.pay("anna", "o1", at("2026-01-10 10:00"), order(10_000))
    assert due(play) == "2026-07-11"
    play.pay("anna", "o2", at("2026-03-10 10:00"), order(5_000))
    play.run_timers("anna", at("2026-07-11"))
    assert play.wallet("anna", "points").balance == 0


def test_points_that_come_after_a_long_rest_have_their_whole_time() -> None:
    """Nothing is due of an empty wallet; the next points begin anew, however long the rest was."""
    play = stage(ONLY_SPENDING, rewards=[OFF])
    play.pay("anna", "o1", at("2026-01-10 10:00"), order(3_000))
    play.claim("anna", at("2026-01-11 10:00"), "off")
    play.run_timers("anna", at("2027-03-01"))
    assert due(play) is None
    play.pay("anna", "o2", at("2027-03-10 10:00"), order(3_000))
    assert due(play) == "2027-09-11"
    play.run_timers("anna", at("2027-09-10 23:59:59"))
    assert play.wallet("anna", "points").balance == 30
    play.run_timers("anna", at("2027-09-11"))
    assert play.wallet("anna", "points").balance == 0


def test_a_version_that_lets_balances_expire_takes_nothing_that_day() -> None:
    """What was earned while points lived for ever has the whole time from the publication on."""
    play = stage()
    play.pay("anna", "o1", at("2026-01-10 10:00"), order(10_000))
    play.publish(version_on(stage(ONLY_SPENDING)).program, at("2027-05-20 09:00"))
    play.run_timers("anna", at("2027-11-20 23:59:59"))
    assert play.wallet("anna", "points").balance == 100
    play.run_timers("anna", at("2027-11-21"))
    assert play.wallet("anna", "points").balance == 0


def test_what_somebody_earned_on_the_way_into_a_tier_keeps_the_balance_alive_there() -> None:
    """The order that leads to gold is judged as by nobody of gold, and is an activity there all the same."""
    wallet = {
        "expiry": {"type": "rolling", "after": {"months": 24}},
        "tiers": {"gold": {"expiry": {"type": "inactivity", "after": {"months": 6}}}},
    }
    gold = {"id": "gold", "name": "Gold", "reach": {"spend": 20_000}}
    spend = {"id": "spend", "measure": "orders.net"}
    play = stage(wallet, tiers={"metrics": [spend], "levels": [gold], "lasts": "life"})
    play.pay("anna", "o1", at("2026-01-10 10:00"), order(10_000))
    play.pay("anna", "o2", at("2026-07-01 10:00"), order(10_000))
    play.run_timers("anna", at("2027-01-01"))
    assert play.wallet("anna", "points").balance == 200
    play.run_timers("anna", at("2027-01-02"))
    assert play.wallet("anna", "points").balance == 0


def test_who_falls_into_a_tier_of_inactivity_has_the_whole_time_there() -> None:
    """Gold keeps its points; a quiet year later it is lost, and the half year begins on that day."""
    levels = [
        {"id": "bronze", "name": "Bronze", "reach": {"spend": 0}},
        {"id": "gold", "name": "Gold", "reach": {"spend": 20_000}},
    ]
    spend = {"id": "spend", "measure": "orders.net", "window": {"calendar": "year"}}
    play = stage(KEPT_BY_GOLD, tiers={"metrics": [spend], "levels": levels, "lasts": "period"})
    play.pay("anna", "o1", at("2026-02-10 10:00"), order(20_000))
    play.run_timers("anna", at("2027-07-01"))
    assert play.wallet("anna", "points").balance == 200
    play.run_timers("anna", at("2027-07-02"))
    assert play.wallet("anna", "points").balance == 0


def test_a_floor_that_is_lifted_leaves_the_whole_time() -> None:
    """What held her in gold goes in August, the points half a year later."""
    gold = {"id": "gold", "name": "Gold", "reach": {"spend": 90_000}}
    play = stage(
        KEPT_BY_GOLD,
        tiers={
            "metrics": [{"id": "spend", "measure": "orders.net"}],
            "levels": [gold],
            "lasts": "while_reached",
        },
    )
    play.pay("anna", "o1", at("2026-02-10 10:00"), order(20_000))
    play.assign_tier("anna", at("2026-02-11 10:00"), "gold")
    play.assign_tier("anna", at("2026-12-11 10:00"), None)
    play.run_timers("anna", at("2027-06-11"))
    assert play.wallet("anna", "points").balance == 200
    play.run_timers("anna", at("2027-06-12"))
    assert play.wallet("anna", "points").balance == 0


def test_an_event_may_keep_a_balance_alive_and_others_do_not() -> None:
    """Only the named activities count: a review does, an order does not."""
    wallet = {"expiry": {"type": "inactivity", "after": {"months": 6}, "activities": ["review.posted"]}}
    play = stage(wallet)
    play.pay("anna", "o1", at("2026-01-10 10:00"), order(10_000))
    play.report("anna", at("2026-02-10 10:00"), "review.posted", {})
    play.pay("anna", "o2", at("2026-05-10 10:00"), order(10_000))
    play.run_timers("anna", at("2026-08-10"))
    assert play.wallet("anna", "points").balance == 300
    play.run_timers("anna", at("2026-08-11"))
    assert play.wallet("anna", "points").balance == 0


def birthdays(**attributes: Any) -> Rehearsal:
    """Return a program with a birthday and an anniversary rule, and Anna who joined on 10 March 2024."""
    play = stage(earning_rules=[PER_EURO, REVIEW, _BIRTHDAY, _ANNIVERSARY])
    play.describe("anna", attributes, at("2024-03-10"))
    play.join("anna", at("2024-03-10 10:00"))
    return play


def test_a_birthday_comes_once_a_year_at_local_midnight() -> None:
    """SC-26: 50 points as 1 April begins, 30 on the day of joining, every year."""
    play = birthdays(birthday="1990-04-01")
    assert due(play) == "2024-04-01"
    assert points_of_awards(play.run_timers("anna", at("2024-04-01") - 1)) == []
    decisions = play.run_timers("anna", at("2024-04-01"))
    assert points_of_awards(decisions) == [50]
    assert [e.name for d in decisions for e in d.follow_ups if isinstance(e, CustomEvent)] == [
        "member.birthday"
    ]
    assert due(play) == "2025-03-10"
    assert points_of_awards(play.run_timers("anna", at("2025-03-10"))) == [30]
    assert points_of_awards(play.run_timers("anna", at("2026-12-31"))) == [50, 30, 50]


def test_an_edited_birth_date_earns_nothing_twice() -> None:
    """Once a year even if the date is moved to a later day of the same year."""
    play = birthdays(birthday="1990-04-01")
    assert points_of_awards(play.run_timers("anna", at("2024-04-01"))) == [50]
    play.describe("anna", {"birthday": "1990-06-01"}, at("2024-05-01"))
    assert due(play) == "2025-03-10"
    assert points_of_awards(play.run_timers("anna", at("2025-06-01"))) == [30, 50]


def test_a_birthday_told_too_late_waits_for_the_next() -> None:
    """A birth date that is told after this year's day gives nothing for this year."""
    play = birthdays()
    play.describe("anna", {"birthday": "1990-02-01"}, at("2024-05-01"))
    assert due(play) == "2025-02-01"


@pytest.mark.parametrize("birthday", ["29 February", "", "1990-13-01", 7])
def test_what_is_no_date_is_no_birthday(birthday: Any) -> None:
    """Anything but an ISO date is ignored."""
    play = birthdays(birthday=birthday)
    assert due(play) == "2025-03-10"


def test_a_birthday_on_29_february_is_on_the_28th_in_common_years() -> None:
    """SC-26: 2025, 2026 and 2027 on the 28th, 2028 on the 29th."""
    play = birthdays(birthday="2000-02-29")
    days = [local(day.at) for day in _yearly(play, "2029-01-01") if day.name == "member.birthday"]
    assert days == ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]


def _yearly(play: Rehearsal, until: str) -> list[CustomEvent]:
    decisions = play.run_timers("anna", at(until))
    return [event for d in decisions for event in d.follow_ups if isinstance(event, CustomEvent)]


def test_who_has_no_rule_for_it_has_no_birthday() -> None:
    """Without a rule that waits for the day no timer is armed."""
    play = stage()
    play.describe("anna", {"birthday": "1990-04-01"}, at("2024-03-10"))
    play.join("anna", at("2024-03-10"))
    assert due(play) is None


def test_an_ended_program_closes_its_balances() -> None:
    """SC-42: the end is 31 December, the grace 30 days: the rest is closed as 31 January begins."""
    play = stage({"pending": {"type": "period", "after": {"days": 60}}}, ends="2026-12-31")
    play.pay("anna", "o1", at("2026-06-01"), order(10_000))
    play.pay("anna", "o2", at("2026-12-31 12:00"), order(5_000))
    assert play.pay("anna", "o3", at("2027-01-01"), order(5_000))[-1].awards == ()
    play.run_timers("anna", at("2027-01-31") - 1)
    assert figures(play.wallet("anna", "points")) == (150, 50, 0, 0)
    effects = effects_of(play.run_timers("anna", at("2027-01-31")))
    assert [(e.amount, e.target) for e in effects if isinstance(e, Debit)] == [
        (100, Account.CLOSED),
        (50, Account.CLOSED),
    ]
    assert figures(play.wallet("anna", "points")) == (0, 0, 0, 0)
    assert (due(play), play.wallet("anna", "points").expired) == (None, 0)


def test_timers_of_nobody_do_nothing() -> None:
    """A customer without membership and wallet has nothing due, and timers change nothing."""
    play = stage()
    member, version = play.member("anna"), version_on(play)
    assert next_due([version], member, at("2026-01-01")) is None
    assert due_with_days([version], member, at("2026-01-01")) is None
    event = TimersDue(id=member.customer_id, at=at("2030-01-01"))
    assert decide(event, version, member).effects == ()


def test_the_stored_due_instant_is_never_too_late() -> None:
    """After every step the armed timer is at or before the next due instant worked out from the lots."""
    play = stage(
        {
            "pending": {"type": "period", "after": {"days": 3}},
            "expiry": {"type": "rolling", "after": {"days": 9}},
        }
    )
    for day in range(1, 29):
        now = at(f"2026-01-{day:02} 10:00")
        play.pay("anna", f"o{day}", now, order(day * 100))
        armed, exact = play.member("anna").due_at, next_due([version_on(play)], play.member("anna"), now)
        assert armed is not None
        assert exact is not None
        assert now < armed <= exact


def test_a_due_instant_that_nobody_can_handle_is_looked_at_again_later() -> None:
    """Overdue points of a wallet are due after ``at``, so that a worker never turns in circles."""
    play = stage({"expiry": {"type": "rolling", "after": {"days": 1}}})
    play.pay("anna", "o1", at("2026-01-01"), order(10_000))
    assert local(next_due([version_on(play)], play.member("anna"), at("2026-02-01"))) == "2026-02-02"
