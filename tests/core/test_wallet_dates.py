"""When points may be spent and when they expire, to the instant."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.dates.schedule import Span
from perennial.core.wallets.dates import dated_lot, end_of_day_after, lot_key
from tests.core.ledger_stage import at, local, stage, version_on

_LEVELS = [
    {"id": "base", "name": "Base", "reach": {"metric": 0}},
    {"id": "vip", "name": "VIP", "reach": {"metric": 1000}},
]
_TIERS = {"metrics": [{"measure": "orders.net"}], "lasts": "life", "levels": _LEVELS}


def dates(wallet: dict[str, Any], when: str, tier: str | None = None) -> tuple[str | None, str | None]:
    """Return when points earned at ``when`` may be spent and when they expire, in local time."""
    key = lot_key(version_on(stage(wallet, tiers=_TIERS)), 0, tier, at(when))
    return local(key.available_at), local(key.expires_at)


def test_plain_points_are_there_from_their_day_and_stay() -> None:
    """Without pending and expiry, points count from the beginning of their local day, for ever."""
    assert dates({}, "2026-01-25 10:00") == ("2026-01-25", None)


@pytest.mark.parametrize("when", ["2026-01-25", "2026-01-25 10:00", "2026-01-25 23:59"])
def test_a_month_from_25_january_ends_with_25_february(when: str) -> None:
    """What lives one month is spendable through 25 February and expires as the 26th begins."""
    wallet = {"expiry": {"type": "rolling", "after": {"months": 1}}}
    assert dates(wallet, when) == ("2026-01-25", "2026-02-26")


@pytest.mark.parametrize(
    ("earned", "after", "expires"),
    [
        ("2026-01-31 12:00", {"months": 1}, "2026-03-01"),
        ("2028-01-31 12:00", {"months": 1}, "2028-03-01"),
        ("2028-02-29 12:00", {"years": 1}, "2029-03-01"),
        ("2026-01-25 12:00", {"days": 1}, "2026-01-27"),
        ("2026-03-28 12:00", {"days": 1}, "2026-03-30"),
        ("2026-01-25 23:30", {"hours": 1}, "2026-01-27"),
        ("2026-01-25 12:00", {"hours": 1}, "2026-01-26"),
    ],
)
def test_rolling_expiry_ends_a_local_day(earned: str, after: dict[str, int], expires: str) -> None:
    """Months shorten to their last day, and every span ends with a whole local day (also over DST)."""
    assert dates({"expiry": {"type": "rolling", "after": after}}, earned)[1] == expires


@pytest.mark.parametrize(
    ("round_up", "expires"),
    [("day", "2026-08-16"), ("month", "2026-09-01"), ("quarter", "2026-10-01"), ("year", "2027-01-01")],
)
def test_expiry_rounds_up_to_the_end_of_a_period(round_up: str, expires: str) -> None:
    """Six months from 15 February: to the end of that day, month, quarter or year."""
    wallet = {"expiry": {"type": "rolling", "after": {"months": 6}, "round_up": round_up}}
    assert dates(wallet, "2026-02-15 09:00")[1] == expires


def test_twelve_months_to_the_end_of_the_month() -> None:
    """What is earned on 6 July 2020 and lives twelve months to the month's end expires on 1 August 2021."""
    wallet = {"expiry": {"type": "rolling", "after": {"months": 12}, "round_up": "month"}}
    assert dates(wallet, "2020-07-06 12:00")[1] == "2021-08-01"


@pytest.mark.parametrize(
    ("earned", "expires"),
    [
        ("2026-01-01 00:00", "2026-07-01"),
        ("2026-06-30 23:59", "2026-07-01"),
        ("2026-07-01 00:00", "2027-01-01"),
        ("2026-12-31 23:59", "2027-01-01"),
    ],
)
def test_fixed_dates_end_the_next_such_day(earned: str, expires: str) -> None:
    """Points expire at the end of the next of the fixed days; that of the day itself counts."""
    wallet = {"expiry": {"type": "fixed_dates", "dates": ["06-30", "12-31"]}}
    assert dates(wallet, earned)[1] == expires


def test_29_february_is_the_28th_in_common_years() -> None:
    """A fixed day that a year does not have is the last of February."""
    wallet = {"expiry": {"type": "fixed_dates", "dates": ["02-29"]}}
    assert dates(wallet, "2026-01-01")[1] == "2026-03-01"
    assert dates(wallet, "2026-03-01")[1] == "2027-03-01"
    assert dates(wallet, "2027-03-01")[1] == "2028-03-01"


def test_inactivity_gives_the_lot_no_date() -> None:
    """Where the whole balance expires by inactivity, a lot has no expiry of its own."""
    wallet = {"expiry": {"type": "inactivity", "after": {"months": 6}}}
    assert dates(wallet, "2026-01-25 10:00") == ("2026-01-25", None)


@pytest.mark.parametrize(
    ("after", "available"),
    [
        ({"weeks": 2}, "2026-01-16"),
        ({"days": 1}, "2026-01-03"),
        ({"months": 1}, "2026-02-02"),
        ({"hours": 3}, "2026-01-01 13:00"),
        ({"days": 1, "hours": 20}, "2026-01-04"),
    ],
)
def test_pending_days_round_up_to_midnight(after: dict[str, int], available: str) -> None:
    """Pending for days and more ends at the next local midnight; hours are exact."""
    assert dates({"pending": {"type": "period", "after": after}}, "2026-01-01 10:00")[0] == available


def test_life_begins_with_activation() -> None:
    """Points that were pending for two weeks live a month from then, not from when they were earned."""
    wallet = {
        "pending": {"type": "period", "after": {"weeks": 2}},
        "expiry": {"type": "rolling", "after": {"months": 1}},
    }
    assert dates(wallet, "2026-01-01 10:00") == ("2026-01-16", "2026-02-17")


def test_dates_may_differ_per_tier() -> None:
    """What a tier does not say is as for everybody."""
    wallet = {
        "pending": {"type": "period", "after": {"days": 2}},
        "expiry": {"type": "rolling", "after": {"days": 30}},
        "tiers": {
            "vip": {"expiry": {"type": "rolling", "after": {"days": 60}}},
            "base": {"pending": {"type": "none"}},
        },
    }
    assert dates(wallet, "2026-01-01 10:00") == ("2026-01-04", "2026-02-04")
    assert dates(wallet, "2026-01-01 10:00", "vip") == ("2026-01-04", "2026-03-06")
    assert dates(wallet, "2026-01-01 10:00", "base") == ("2026-01-01", "2026-02-01")


def test_waiting_points_have_no_dates_yet() -> None:
    """Points wait for the fulfillment of their own order; what no order earned has nothing to wait for."""
    version = version_on(stage({"pending": {"type": "fulfillment"}}))
    waiting = lot_key(version, 0, None, at("2026-01-01"), "order-1")
    assert (waiting.available_at, waiting.expires_at, waiting.waits_for) == (None, None, "order-1")
    assert lot_key(version, 0, None, at("2026-01-01"), "order-2").lot_id != waiting.lot_id
    assert local(lot_key(version, 0, None, at("2026-01-01 10:00")).available_at) == "2026-01-01"


def test_a_day_shares_one_lot_and_the_next_has_another() -> None:
    """Everything of one local day has the same key, to the last microsecond, and is remembered."""
    version = version_on(stage({"expiry": {"type": "rolling", "after": {"months": 6}}}))
    first = dated_lot(version, 0, None, at("2026-03-29"))
    assert dated_lot(version, 0, None, at("2026-03-30") - 1) == first
    assert dated_lot(version, 0, None, at("2026-03-30")) != first
    assert dated_lot(version, 0, None, at("2026-03-29 12:00")) == first


def test_what_is_remembered_is_exact_where_hours_matter() -> None:
    """Where a date depends on the hour, nothing of the morning is used for the evening."""
    version = version_on(stage({"pending": {"type": "period", "after": {"hours": 2}}}))
    morning = lot_key(version, 0, None, at("2026-01-01 08:00"))
    evening = lot_key(version, 0, None, at("2026-01-01 20:00"))
    assert (local(morning.available_at), local(evening.available_at)) == (
        "2026-01-01 10:00",
        "2026-01-01 22:00",
    )


def test_a_span_ends_with_its_day() -> None:
    """The end of what is claimed: a month from 15 November is the end of 15 December."""
    version = version_on(stage())
    assert local(end_of_day_after(version, at("2026-11-15 18:00"), Span(months=1))) == "2026-12-16"
