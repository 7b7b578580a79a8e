"""The reports on who buys, where, how often, and what it costs, beside naive counts; and two of suspicion."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from statistics import median_low
from typing import Any

import pytest
from asyncpg import Connection

from perennial.core.dates.periods import local_midnight
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.flows.commands import Introduced, JoinProgram, PutCustomer, PutOrder
from perennial.flows.reports import Asked, ReportResult, read_report
from perennial.flows.traces import Context
from perennial.ledger.account import Account
from perennial.reports.queries import REPORTS
from perennial.reports.queries.points_expiring import SPANS
from perennial.units import SECOND
from tests.flows import test_reports
from tests.flows.shop import START, Shop
from tests.flows.test_referrals import PROGRAM as REFERRING
from tests.flows.test_referrals import code_of, introduced, order, settle
from tests.flows.test_reports import (
    DAY,
    ELSEWHERE,
    FIRST,
    LAST,
    PROGRAM,
    ZONE,
    Naive,
    are_naive_counts,
    local,
    months,
    share,
    year,
)

__all__ = ["year"]


def of_time(naive: Naive, first: date = FIRST, last: date = LAST) -> list[Any]:
    """All orders within local days."""
    return [order for order in naive.orders if first <= local(order[1]) <= last]


def known(orders: list[Any]) -> dict[Any, list[Any]]:
    """Orders by their customers, without those of guests."""
    found = defaultdict(list)
    for each in orders:
        if each[3] != "guest":
            found[each[0]].append(each)
    return found


def revenue_of(orders: list[Any]) -> int:
    return sum(order[2] for order in orders)


def average(total: int, count: int) -> int:
    """A rounded average of what is not negative."""
    return (2 * total + count) // (2 * count)


def locations(naive: Naive) -> list[tuple[Any, ...]]:
    found = defaultdict(list)
    for each in of_time(naive):
        found[each[4]].append(each)
    rows = []
    for name, of in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
        theirs = sum(order[3] == "member" for order in of)
        total = revenue_of(of)
        figures = len(known(of)), total, average(total, len(of)), theirs, share(theirs, len(of))
        rows.append((name, len(of), *figures))
    return rows


def given_to(naive: Naive, who: Any, since: date, until: date) -> int:
    """The points that were given to somebody less those taken back, within local days."""
    return sum(
        each["amount"] * ((each["debit"] == Account.ISSUED) - (each["credit"] == Account.ISSUED))
        for each in naive.postings
        if each["customer_id"] == who and since <= local(each["at"]) <= until
    )


def tier_economics(naive: Naive) -> list[tuple[Any, ...]]:
    rows = []
    people = naive.joined_by(LAST)
    for tier in sorted({naive.tiers[who] for who in people}):
        whose = {who for who in people if naive.tiers[who] == tier}
        bought = [order for order in of_time(naive) if order[0] in whose and order[3] == "member"]
        total = revenue_of(bought)
        points = sum(given_to(naive, who, FIRST, LAST) for who in whose)
        each = average(total, len(whose))
        rows.append(
            (tier, len(whose), len(bought), total, each, points, 2 * points, share(2 * points, total))
        )
    return rows


def points_expiring(naive: Naive) -> list[tuple[Any, ...]]:
    end = local_midnight(LAST + timedelta(days=1), ZONE)
    found: dict[str, list[Any]] = {span: [] for span in SPANS}
    for lot in naive.lots:
        days = None if lot["expires_at"] is None else (lot["expires_at"] - end) / DAY
        bounds = zip((30, 60, 90, 180), SPANS, strict=False)
        span = "never" if days is None else next((name for most, name in bounds if days < most), "later")
        found[span].append(lot)
    whole = sum(lot["remaining"] for lot in naive.lots)
    return [
        (span, len({lot["customer_id"] for lot in lots}), points, share(points, whole), 2 * points)
        for span, lots in found.items()
        for points in (sum(lot["remaining"] for lot in lots),)
    ]


def days_between(naive: Naive) -> list[tuple[Any, ...]]:
    pairs = [
        (after[1], (after[1] - before[1]) / DAY)
        for of in known(naive.orders).values()
        for before, after in itertools.pairwise(sorted(of, key=lambda order: order[1]))
    ]
    rows = []
    for first, last in months():
        gaps = sorted(gap for at, gap in pairs if first <= local(at) <= last)
        middle = share(median_low(gaps), 1) if gaps else None
        longest = share(gaps[-(-len(gaps) * 9 // 10) - 1], 1) if gaps else None
        rows.append((first.isoformat(), len(gaps), middle, longest))
    return rows


def retention(naive: Naive) -> list[tuple[Any, ...]]:
    rows, before = [], set[Any]()
    earliest = {who: min(local(order[1]) for order in of) for who, of in known(naive.orders).items()}
    for first, last in months():
        here = set(known(of_time(naive, first, last)))
        new, stayed = sum(first <= earliest[who] for who in here), len(here & before)
        rate = share(stayed, len(before))
        churn = None if rate is None else share(len(before) - stayed, len(before))
        rows.append((first.isoformat(), len(here), new, len(before), stayed, rate, churn))
        before = here
    return rows


def orders_per_customer(naive: Naive) -> list[tuple[Any, ...]]:
    buyers = known(of_time(naive))
    whole = sum(revenue_of(of) for of in buyers.values())
    counts = Counter(min(len(of), 5) for of in buyers.values())
    rows = []
    for count in sorted(counts):
        total = sum(revenue_of(of) for of in buyers.values() if min(len(of), 5) == count)
        name = "5+" if count == 5 else str(count)
        rows.append((name, counts[count], share(counts[count], len(buyers)), total, share(total, whole)))
    return rows


def activation(naive: Naive) -> list[tuple[Any, ...]]:
    end = local_midnight(LAST + timedelta(days=1), ZONE)
    rows = []
    for first, last in months():
        joined = {who: at for who, (at, _) in naive.members.items() if first <= local(at) <= last}
        soon = [
            each
            for each in naive.postings
            if (since := joined.get(each["customer_id"])) is not None
            and since <= each["at"] < min(since + 30 * DAY, end)
        ]
        earned = len({each["customer_id"] for each in soon if each["debit"] == Account.ISSUED})
        used = len({each["customer_id"] for each in soon if each["credit"] == Account.REDEEMED})
        count = len(joined)
        rows.append((first.isoformat(), count, earned, share(earned, count), used, share(used, count)))
    return rows


def reward_rate(naive: Naive) -> list[tuple[Any, ...]]:
    rows = []
    for first, last in months():
        total = revenue_of([order for order in of_time(naive, first, last) if order[3] == "member"])
        points = -naive.flow(Account.ISSUED, last, first)
        rows.append((first.isoformat(), total, points, 2 * points, share(2 * points, total)))
    return rows


def enrollment(naive: Naive) -> list[tuple[Any, ...]]:
    rows = []
    for first, last in months():
        here = of_time(naive, first, last)
        theirs = [order for order in here if order[3] == "member"]
        people, members = len(known(here)), len(known(theirs))
        total, part = revenue_of(here), revenue_of(theirs)
        figures = share(members, people), total, part, share(part, total)
        rows.append((first.isoformat(), people, members, *figures))
    return rows


NAIVE: dict[str, Callable[[Naive], list[tuple[Any, ...]]]] = {
    "activation": activation,
    "days-between": days_between,
    "enrollment": enrollment,
    "locations": locations,
    "orders-per-customer": orders_per_customer,
    "points-expiring": points_expiring,
    "retention": retention,
    "reward-rate": reward_rate,
    "tier-economics": tier_economics,
}


async def test_every_report_on_buyers_is_a_naive_count(year: Shop, owner: Connection) -> None:
    """Each row of each report, beside plain loops; and no report is left out anywhere (SC-91)."""
    assert {*NAIVE, *test_reports.NAIVE, *ELSEWHERE} == set(REPORTS)
    assert len(REPORTS) > 25
    await are_naive_counts(year, await Naive.read(owner, year), NAIVE)


def _visit(name: str, customer: str, seconds: int, location: str | None) -> PutOrder:
    lines = (Line(sku="latte", amount=350),)
    order = Order(status=OrderStatus.PAID, lines=lines, currency="USD", location=location)
    return PutOrder(id=name, customer=customer, at=START + seconds * SECOND, order=order)


async def _march(shop: Shop, name: str) -> ReportResult:
    asked = Asked(first=date(2026, 3, 1), last=date(2026, 3, 31))
    return await read_report(shop.handler, shop.workspace_id, name, asked)


@pytest.mark.parametrize(
    ("seconds", "most"),
    [((0, 120, 599), 3), ((0, 120, 600), None), ((0, 300, 600, 899), 3), ((0, 1, 2, 3), 4), ((0, 1), None)],
    ids=["within ten minutes", "a second later", "each within ten of another", "four", "two"],
)
async def test_orders_that_follow_at_once_are_a_signal(
    shop: Shop, seconds: tuple[int, ...], most: int | None
) -> None:
    """SC-31: three orders of one member in one store within ten minutes; elsewhere, or by others: none."""
    await shop.publish(PROGRAM)
    await shop.advance(START + 3_600 * SECOND)
    for number, at in enumerate(seconds):
        await shop.do(_visit(f"o{number}", "anna", at, "s1"))
        await shop.do(_visit(f"p{number}", f"other{number}", at, "s1"))
    await shop.do(_visit("elsewhere", "anna", 1, "s2"))
    await shop.do(_visit("nowhere", "anna", 1, None))
    rows = [tuple(row.values()) for row in (await _march(shop, "order-splitting")).data]
    count = len(seconds)
    assert rows == ([("2026-03-01", "anna", "s1", most, count, 350 * count)] if most else [])


async def test_referrals_are_counted_by_what_became_of_them(shop: Shop) -> None:
    """One is converted, one waits for an order, one was suspected and waits for staff."""
    await shop.publish(REFERRING)
    await shop.do(JoinProgram(customer="anna", program="shop", at=None, source="test"))
    code, device = await code_of(shop, "anna"), Context(device="phone-1")
    known = Introduced(command=PutCustomer(customer="anna"), context=device)
    await shop.intake.submit(shop.workspace_id, known)
    await introduced(shop, order("o1", "ben", 5000), code)
    await introduced(shop, PutCustomer(customer="cora"), code)
    await introduced(shop, order("o2", "dora", 5000), code, device="phone-1", ip="198.51.100.7")
    await settle(shop)
    rows = [tuple(row.values()) for row in (await _march(shop, "referral-funnel")).data]
    assert rows == [("friends", 3, 1, 1, 1, 1, 0, 0, 1, share(1, 3))]
    assert (await _march(shop, "referral-funnel")).names["offer"]["friends"] == "Friends"


async def test_an_order_that_is_moved_keeps_its_place(shop: Shop) -> None:
    """A changed order is of the place that it names now."""
    await shop.publish(PROGRAM)
    await shop.do(_visit("o", "anna", 0, "s1"))
    await shop.do(_visit("o", "anna", 0, "s2"))
    assert [row["location"] for row in (await _march(shop, "locations")).data] == ["s2"]


async def test_names_of_kinds_and_of_what_gives_them(shop: Shop) -> None:
    """The report on rewards has names for what the program calls by ids, whatever the kind."""
    await shop.publish(PROGRAM)
    await shop.do(PutCustomer(customer="anna"))
    names = (await _march(shop, "rewards")).names
    assert names["reward"]["five"] == "Five off"
    assert (names["kind"]["voucher"], names["kind"]["cash_payout"]) == ("Voucher", "Cash payout")
