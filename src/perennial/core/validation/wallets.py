"""What must be right about wallets beyond types: dates, spans, tiers, caps."""

from __future__ import annotations

from datetime import date
from typing import assert_never

from perennial.core.document.program import (
    Expiry,
    FixedDatesExpiry,
    FulfillmentPending,
    InactivityExpiry,
    NoExpiry,
    NoPending,
    Pending,
    PeriodPending,
    PointsPayment,
    RollingExpiry,
)
from perennial.core.findings import Findings
from perennial.core.problems import join_path
from perennial.core.terms.limits import Counted
from perennial.core.validation.limits import Place, check_limit

MAX_WALLETS = 20
ACTIVITIES = ("earning", "spending")

_EARNED = Place((Counted.POINTS, Counted.TIMES))
_SPENT = Place(_EARNED.counts, words="what is spent of a wallet is limited by points or times")


def check_wallets(findings: Findings) -> None:
    """Check every wallet of the program."""
    wallets = findings.program.wallets
    if not wallets:
        findings.add("wallets", "missing", "a program needs at least one wallet")
    if len(wallets) > MAX_WALLETS:
        findings.add("wallets", "too_many", f"a program has at most {MAX_WALLETS} wallets")
    findings.unique([(f"wallets[{i}]", wallet.id) for i, wallet in enumerate(wallets)], "wallet")
    for index, wallet in enumerate(wallets):
        path = f"wallets[{index}]"
        _check_expiry(findings, join_path(path, "expiry"), wallet.expiry)
        _check_pending(findings, join_path(path, "pending"), wallet.pending)
        for tier, dates in wallet.tiers.items():
            here = f"{path}.tiers.{tier}"
            findings.known(here, "tier", tier, findings.tiers)
            if dates.expiry is None and dates.pending is None:
                findings.add(here, "empty", "say what differs for this tier: expiry or pending")
            if dates.expiry is not None:
                _check_expiry(findings, f"{here}.expiry", dates.expiry)
            if dates.pending is not None:
                _check_pending(findings, f"{here}.pending", dates.pending)
        for position, cap in enumerate(wallet.caps):
            check_limit(findings, f"{path}.caps[{position}]", cap, _EARNED)
        for position, cap in enumerate(wallet.spending):
            check_limit(findings, f"{path}.spending[{position}]", cap, _SPENT)
        if wallet.pays is not None:
            _check_payment(findings, f"{path}.pays", wallet.pays)


def _check_payment(findings: Findings, path: str, pays: PointsPayment) -> None:
    needed = max(pays.least, pays.points)
    if pays.most_points is not None and pays.most_points < needed:
        words = f"at most {pays.most_points} points and at least {needed} cannot both be: nobody could pay"
        findings.add(f"{path}.most_points", "nobody_could_pay", words)


def _check_expiry(findings: Findings, path: str, expiry: Expiry) -> None:
    match expiry:
        case NoExpiry():
            pass
        case RollingExpiry():
            findings.span(f"{path}.after", expiry.after)
        case FixedDatesExpiry():
            _check_days(findings, f"{path}.dates", expiry.dates)
        case InactivityExpiry():
            findings.span(f"{path}.after", expiry.after)
            events = [*ACTIVITIES, *findings.program.declarations.events]
            findings.all_known(f"{path}.activities", "activity or event", expiry.activities, events)
            if not expiry.activities:
                words = "name at least one activity: earning, spending or an event"
                findings.add(f"{path}.activities", "missing", words)
        case _:
            assert_never(expiry)


def _check_days(findings: Findings, path: str, days: tuple[str, ...]) -> None:
    if not days:
        findings.add(path, "missing", 'name at least one day of the year, such as "12-31"')
    for index, day in enumerate(days):
        try:
            date.fromisoformat(f"2000-{day}")
        except ValueError:
            findings.add(f"{path}[{index}]", "no_such_day", f'there is no day "{day}" in a year (MM-DD)')
        if day in days[:index]:
            findings.add(f"{path}[{index}]", "duplicate", f'the day "{day}" is given twice')


def _check_pending(findings: Findings, path: str, pending: Pending) -> None:
    match pending:
        case NoPending() | FulfillmentPending():
            pass
        case PeriodPending():
            findings.span(f"{path}.after", pending.after)
        case _:
            assert_never(pending)
