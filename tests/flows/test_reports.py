"""The reports beside a naive count of the same small shop, order by order and posting by posting."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from asyncpg import Connection

from perennial.core.dates.periods import Period, local_date
from perennial.core.orders.order import Line, Order, OrderStatus, ReturnedLine, net_amounts
from perennial.core.segments.segment import Segment
from perennial.core.terms.condition_document import decode_condition
from perennial.flows.commands import LeaveProgram, PostClaim, PostReturn, PutOrder
from perennial.flows.problems import ProblemError
from perennial.flows.programs.life import Author
from perennial.flows.reports import Asked, ReportResult, read_report
from perennial.flows.segments.segments import put
from perennial.ledger.account import Account
from perennial.reports.queries import REPORTS
from perennial.store.orders import decode_order
from perennial.units import parse_instant
from tests.flows.shop import START, Shop

DAY = 86_400_000_000
ZONE = ZoneInfo("America/New_York")
FIRST, LAST = date(2026, 1, 10), date(2026, 6, 20)
PROGRAM = """
program: points
name: Points
currency: USD
time_zone: America/New_York
wallets:
  - id: points
    name: Points
    expiry: {type: rolling, after: {days: 60}}
    pays: {points: 1, amount: 2}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
rewards:
  - {id: five, name: Five off, price: 40, gives: [{type: amount_off, value: 500}]}
tiers:
  metrics: [{id: spend, measure: orders.net, window: {last: {days: 60}}}]
  lasts: while_reached
  levels:
    - {id: base, name: Base, reach: {spend: 0}}
    - {id: gold, name: Gold, reach: {spend: 8000}}
campaigns:
  - id: spring
    name: Spring
    limits: [{points: 100000, per: total}]
    earning_rules: [{id: more, type: per_amount, points: 1, per: 200}]
"""


@pytest.fixture
async def year(shop: Shop) -> Shop:
    """Half a year of thirty customers: orders, returns, cancelations, claims, expiry, guests, goodbyes."""
    rng = random.Random(11)
    start = parse_instant("2026-01-05T17:00:00Z")
    async with shop.database.transaction(shop.workspace_id) as conn:
        moved = "update workspaces set clock_at = $2 where workspace_id = $1"
        await conn.execute(moved, shop.workspace_id, start)
    await shop.publish(PROGRAM, start - DAY)
    for day in range(1, 170):
        at = start + day * DAY + rng.randint(0, DAY // 2)
        await shop.advance(at)
        for number in range(rng.choice([0, 1, 1, 2, 3])):
            customer = rng.choice([f"c{rng.randint(0, 29)}"] * 6 + [None])
            currency = rng.choice(["USD"] * 9 + ["EUR"])
            await shop.do(an_order(f"o{day}-{number}", customer, at, rng.randint(300, 9_000), currency))
            if customer and rng.random() < 0.15:
                back = PostReturn(
                    id=f"r{day}-{number}",
                    order=f"o{day}-{number}",
                    customer=customer,
                    at=at,
                    lines=(ReturnedLine(line="2", quantity=1),),
                )
                await shop.do(back)
            if customer and rng.random() < 0.1:
                await shop.send(canceled(an_order(f"o{day}-{number}", customer, at, 1, currency)))
        if rng.random() < 0.3:
            await shop.send(PostClaim(id=f"k{day}", customer=f"c{rng.randint(0, 29)}", at=at, reward="five"))
        if day % 40 == 0:
            await shop.send(LeaveProgram(customer=f"c{day // 40}", program="points", at=at))
    return shop


def an_order(name: str, customer: str | None, at: int, amount: int, currency: str) -> PutOrder:
    """A paid order of two lines, in one of two stores or in none."""
    lines = (Line(sku="tea", amount=amount), Line(sku="cup", amount=900, quantity=3, id="2"))
    location = ("s1", "s2", None)[amount % 3]
    paid = Order(status=OrderStatus.PAID, lines=lines, currency=currency, location=location)
    return PutOrder(id=name, customer=customer, at=at, order=paid)


def canceled(command: PutOrder) -> PutOrder:
    """The same order, canceled."""
    order = Order(status=OrderStatus.CANCELED, lines=command.order.lines, currency=command.order.currency)
    return PutOrder(id=command.id, customer=command.customer, at=command.at, order=order)


class Naive:
    """Everything that happened, as plain lists, and every figure counted from them."""

    sources: dict[Any, str]
    tiers: dict[Any, str]
    vouchers: list[Any]
    lots: list[Any]

    def __init__(
        self, orders: list[Any], members: dict[Any, Any], postings: list[Any], moves: list[Any]
    ) -> None:
        self.orders, self.members, self.postings, self.moves = orders, members, postings, moves

    @classmethod
    async def read(cls, owner: Connection, shop: Shop) -> Naive:
        """Read everything of a workspace."""
        ws = shop.workspace_id
        members = {
            row["customer_id"]: (row["joined_at"], row["left_at"])
            for row in await owner.fetch("select * from memberships where workspace_id = $1", ws)
        }
        orders = []
        for row in await owner.fetch("select * from orders where workspace_id = $1 order by paid_at", ws):
            content = decode_order(row["body"])
            if row["status"] == 4 or content.currency == "EUR":
                continue
            net = sum(net_amounts(content))
            for line, amount, back in zip(
                content.lines, net_amounts(content), row["returned"] or [0, 0], strict=True
            ):
                net -= amount * back // line.quantity
            at, who = row["paid_at"] or row["occurred_at"], "other"
            joined, left = members.get(row["customer_id"], (None, None))
            if row["customer_id"] == row["order_id"]:
                who = "guest"
            elif joined is not None and joined <= at and (left is None or at < left):
                who = "member"
            orders.append((row["customer_id"], at, net, who, content.location or ""))
        postings = await owner.fetch("select * from postings where workspace_id = $1", ws)
        moves = await owner.fetch(
            "select * from tier_moves where workspace_id = $1 order by at, xact, position", ws
        )
        naive = cls(orders, members, [dict(row) for row in postings], [dict(row) for row in moves])
        joined = await owner.fetch("select * from memberships where workspace_id = $1", ws)
        naive.sources = {row["customer_id"]: row["source"] for row in joined}
        naive.tiers = {row["customer_id"]: row["tier"] or "" for row in joined}
        naive.lots = await owner.fetch("select * from lots where workspace_id = $1 and remaining > 0", ws)
        naive.vouchers = await owner.fetch("select * from vouchers where workspace_id = $1", ws)
        return naive

    def flow(self, account: Account, until: date, since: date = date.min) -> int:
        """What went into an account less what came out, within local days."""
        return sum(
            each["amount"] * ((each["credit"] == account) - (each["debit"] == account))
            for each in self.postings
            if since <= local(each["at"]) <= until
        )

    def joined_by(self, day: date) -> set[Any]:
        """The members at the end of a day."""
        return {
            who
            for who, (joined, left) in self.members.items()
            if local(joined) <= day and (left is None or local(left) > day)
        }

    def tier_of(self, who: Any, until: date) -> str:
        """The tier of a member at the end of a day."""
        seen = [
            each["tier_after"]
            for each in self.moves
            if each["customer_id"] == who and local(each["at"]) <= until
        ]
        return (seen[-1] if seen else None) or ""

    def buyers(self, since: date, until: date) -> dict[Any, list[Any]]:
        """The orders of known customers within local days."""
        found = defaultdict(list)
        for order in self.orders:
            if order[3] != "guest" and since <= local(order[1]) <= until:
                found[order[0]].append(order)
        return found


def local(at: int) -> date:
    """The local date in New York."""
    return local_date(at, ZONE)


def months() -> list[tuple[date, date]]:
    """The months of the report, the first one cut."""
    found, first = [], FIRST
    while first <= LAST:
        after = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        found.append((first, min(after - timedelta(days=1), LAST)))
        first = after
    return found


def share(part: float, whole: float) -> float | None:
    """A quotient with six digits, or None."""
    return float(f"{part / whole:.6g}") if whole else None


def members(naive: Naive) -> list[tuple[Any, ...]]:
    rows = []
    for first, last in months():
        joined = sum(first <= local(at) <= last for at, _ in naive.members.values())
        left = sum(at is not None and first <= local(at) <= last for _, at in naive.members.values())
        rows.append((first.isoformat(), len(naive.joined_by(last)), joined, left, joined - left))
    return rows


def active_members(naive: Naive) -> list[tuple[Any, ...]]:
    rows = []
    for first, last in months():
        active = {
            who for who, at, _, kind, _ in naive.orders if kind == "member" and first <= local(at) <= last
        }
        count = len(naive.joined_by(last))
        rows.append((first.isoformat(), len(active), count, share(len(active), count)))
    return rows


def points(naive: Naive) -> list[tuple[Any, ...]]:
    rows = []
    for first, last in months():
        here = [each for each in naive.postings if first <= local(each["at"]) <= last]
        issued = sum(each["amount"] for each in here if each["debit"] == Account.ISSUED)
        back = sum(each["amount"] for each in here if each["credit"] == Account.ISSUED)
        used, expired = (naive.flow(each, last, first) for each in (Account.REDEEMED, Account.EXPIRED))
        rows.append(
            (first.isoformat(), issued, back, used, expired, -naive.flow(Account.ADJUSTED, last, first))
        )
    return rows


def liability(naive: Naive) -> list[tuple[Any, ...]]:
    held = [naive.flow(Account.WALLET, last) + naive.flow(Account.HELD, last) for _, last in months()]
    eve = FIRST - timedelta(days=1)
    before = [naive.flow(Account.WALLET, eve) + naive.flow(Account.HELD, eve), *held]
    return [
        (first.isoformat(), now, now - then, 2 * now)
        for (first, _), now, then in zip(months(), held, before, strict=False)
    ]


def redemption_rate(naive: Naive) -> list[tuple[Any, ...]]:
    rows = []
    for first, last in months():
        earned, used = -naive.flow(Account.ISSUED, last, first), naive.flow(Account.REDEEMED, last, first)
        all_earned, all_used = -naive.flow(Account.ISSUED, last), naive.flow(Account.REDEEMED, last)
        rates = share(used, earned), share(all_used, all_earned)
        rows.append((first.isoformat(), earned, used, rates[0], all_earned, all_used, rates[1]))
    return rows


def orders(naive: Naive) -> list[tuple[Any, ...]]:
    rows = []
    for first, last in months():
        for kind in ("member", "other", "guest"):
            here = [each for each in naive.orders if each[3] == kind and first <= local(each[1]) <= last]
            count, revenue, people = len(here), sum(each[2] for each in here), len({each[0] for each in here})
            average = (2 * revenue + count) // (2 * count) if count else None
            rows.append((first.isoformat(), kind, count, people, revenue, average, share(count, people)))
    return rows


def repeat_orders(naive: Naive) -> list[tuple[Any, ...]]:
    rows = []
    for kind in ("member", "other"):
        counts = [
            len(of)
            for of in naive.buyers(FIRST, LAST).values()
            if any(each[3] == "member" for each in of) == (kind == "member")
        ]
        again = sum(count >= 2 for count in counts)
        rows.append((kind, len(counts), again, share(again, len(counts))))
    return rows


def returning_orders(naive: Naive) -> list[tuple[Any, ...]]:
    rows = []
    for first, last in months():
        here = [each for of in naive.buyers(first, last).values() for each in of]
        first_at = {who: min(each[1] for each in of) for who, of in naive.buyers(date.min, date.max).items()}
        again = sum(first_at[each[0]] < each[1] for each in here)
        rows.append((first.isoformat(), len(here), again, share(again, len(here))))
    return rows


def tiers(naive: Naive) -> list[tuple[Any, ...]]:
    rows = []
    names = sorted({each["tier_after"] or "" for each in naive.moves} | {""})
    for first, last in months():
        here = naive.joined_by(last)
        counts = Counter(naive.tier_of(who, last) for who in here)
        rows += [(first.isoformat(), name, counts[name], share(counts[name], len(here))) for name in names]
    return rows


def tier_migration(naive: Naive) -> list[tuple[Any, ...]]:
    eve = FIRST - timedelta(days=1)
    stayed = [who for who in naive.joined_by(LAST) if local(naive.members[who][0]) <= eve]
    counts = Counter((naive.tier_of(who, eve), naive.tier_of(who, LAST)) for who in stayed)
    wholes = Counter(naive.tier_of(who, eve) for who in stayed)
    return [(a, b, count, share(count, wholes[a])) for (a, b), count in sorted(counts.items())]


def cohorts(naive: Naive) -> list[tuple[Any, ...]]:
    rows = []
    for start, (first, last) in enumerate(months()):
        group = {who for who, (at, _) in naive.members.items() if first <= local(at) <= last}
        for age, (since, until) in enumerate(months()[start:]):
            here = [
                each
                for each in naive.orders
                if each[0] in group and each[3] == "member" and since <= local(each[1]) <= until
            ]
            people = len({each[0] for each in here})
            if group:
                revenue = sum(each[2] for each in here)
                rows.append((first.isoformat(), age, len(group), people, share(people, len(group)), revenue))
    return rows


def rfm_scale(naive: Naive) -> list[tuple[Any, ...]]:
    buyers = naive.buyers(FIRST, LAST).values()
    measures = {
        "recency": sorted((LAST - max(local(each[1]) for each in of)).days for of in buyers),
        "frequency": sorted(len(of) for of in buyers),
        "monetary": sorted(sum(each[2] for each in of) for of in buyers),
    }
    return [
        (name, bound, values[-(-len(values) * bound // 5) - 1])
        for name, values in measures.items()
        for bound in (1, 2, 3, 4)
    ]


def joins(naive: Naive) -> list[tuple[Any, ...]]:
    found = defaultdict(list)
    for who, (at, left) in naive.members.items():
        if FIRST <= local(at) <= LAST:
            bought = [each for each in naive.buyers(FIRST, LAST).get(who, []) if each[3] == "member"]
            stayed = left is None or local(left) > LAST
            found[naive.sources[who]].append((stayed, bool(bought), sum(each[2] for each in bought)))
    return [
        (source, len(of), sum(a for a, _, _ in of), buyers, share(buyers, len(of)), sum(c for _, _, c in of))
        for source, of in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
        for buyers in (sum(b for _, b, _ in of),)
    ]


def rewards(naive: Naive) -> list[tuple[Any, ...]]:
    here = [each for each in naive.vouchers if FIRST <= local(each["issued_at"]) <= LAST]
    used, void = sum(each["used"] > 0 for each in here), sum(each["state"] == 3 for each in here)
    paid = sum(each["points"] for each in here)
    return [("five", "voucher", len(here), used, void, share(used, len(here)), paid)]


NAIVE: dict[str, Callable[[Naive], list[tuple[Any, ...]]]] = {
    "members": members,
    "active-members": active_members,
    "points": points,
    "liability": liability,
    "redemption-rate": redemption_rate,
    "orders": orders,
    "repeat-orders": repeat_orders,
    "returning-orders": returning_orders,
    "tiers": tiers,
    "tier-migration": tier_migration,
    "cohorts": cohorts,
    "rfm-scale": rfm_scale,
    "joins": joins,
    "rewards": rewards,
}
"""Every report but those that have tests of their own."""

ELSEWHERE = frozenset(("budget-burn-down", "before-and-after", "roi", "order-splitting", "referral-funnel"))
"""Reports that this shop has nothing for, or that are compared otherwise."""


async def read(shop: Shop, name: str, **asked: Any) -> ReportResult:
    """Read a report of the half year."""
    return await read_report(shop.handler, shop.workspace_id, name, Asked(first=FIRST, last=LAST, **asked))


async def test_every_report_is_a_naive_count(year: Shop, owner: Connection) -> None:
    """Each row of each report, beside plain loops over everything that happened."""
    naive = await Naive.read(owner, year)
    assert len(naive.orders) > 150
    await are_naive_counts(year, naive, NAIVE)


async def are_naive_counts(
    year: Shop, naive: Naive, counts: dict[str, Callable[[Naive], list[tuple[Any, ...]]]]
) -> None:
    """Compare reports row by row, with the names of their columns."""
    for name, count in counts.items():
        result = await read(year, name)
        rows = [tuple(row.values()) for row in result.data]
        assert rows == count(naive), name
        assert [column.name for column in REPORTS[name].columns] == list(result.data[0]), name


async def test_the_liability_is_what_the_wallets_hold(year: Shop, owner: Connection) -> None:
    """The last figure of the report is the sum of the stored balances."""
    asked = Asked(first=FIRST, last=date(2026, 6, 30))
    last = (await read_report(year.handler, year.workspace_id, "liability", asked)).data[-1]
    sql = "select sum(balance + held) from wallets where workspace_id = $1"
    stored = await owner.fetchval(sql, year.workspace_id)
    assert last["outstanding"] == stored > 0


async def test_the_burn_down_of_a_campaign(year: Shop, owner: Connection) -> None:
    """Day by day what the campaign's budget was used for; at the end what is used of it."""
    rows = (await read(year, "budget-burn-down")).data
    used = await owner.fetchval("select max(used) from budgets where workspace_id = $1", year.workspace_id)
    assert {(row["part"], row["id"], row["cap"]) for row in rows} == {("campaign", "spring", 100_000)}
    assert rows[-1]["used_to_date"] == sum(row["used"] for row in rows) <= used  # type: ignore[misc]
    assert [row["day"] for row in rows] == sorted(row["day"] for row in rows)  # type: ignore[type-var]


async def test_what_cannot_be_asked_is_refused(shop: Shop) -> None:
    """Each wrong question gets an answer that names what is wrong with it."""
    with pytest.raises(ProblemError) as raised:
        await read_report(shop.handler, shop.workspace_id, "members", Asked())
    assert raised.value.problem.code == "program_unknown"
    await shop.publish(PROGRAM)
    for name, asked, code, path in (
        ("nope", Asked(), "report_unknown", None),
        ("members", Asked(program="nope"), "program_unknown", None),
        ("members", Asked(first=LAST, last=FIRST), None, "$.to"),
        ("members", Asked(first=date(2020, 1, 1), last=LAST, step=Period.DAY), None, "$.step"),
        ("members", Asked(segment="nope"), None, "$.segment"),
        ("budget-burn-down", Asked(segment="nope"), None, "$.segment"),
    ):
        with pytest.raises(ProblemError) as raised:
            await read_report(shop.handler, shop.workspace_id, name, asked)
        if path is None:
            assert raised.value.problem.code == code
        else:
            assert [each.path for each in raised.value.problem.errors] == [path]


@pytest.mark.parametrize("step", [Period.DAY, Period.WEEK, Period.MONTH])
async def test_a_shop_without_anything_has_reports(shop: Shop, step: Period) -> None:
    """Every report of an empty program is answered, with nothing in it."""
    await shop.publish(PROGRAM)
    for name in REPORTS:
        asked = Asked(first=date(2026, 2, 1), last=date(2026, 3, 2), step=step)
        result = await read_report(shop.handler, shop.workspace_id, name, asked)
        figures = [value for row in result.data for value in row.values() if isinstance(value, int)]
        assert name == "rfm-scale" or not any(figures)


async def test_a_segment_is_counted_alone(shop: Shop) -> None:
    """Two of three customers are in the segment: their orders, points, and tiers alone are shown."""
    await shop.publish(PROGRAM)
    when = decode_condition({"history": "orders.net", "window": {"last": {"days": 60}}, "at_least": 8_000})
    big = Segment(segment="big", name="Big", when=when)
    await put(shop.handler, shop.workspace_id, big, Author(actor="test", at=START))
    for name, amount in (("anna", 9_000), ("ben", 1_000), ("cleo", 8_000)):
        await shop.order(f"o-{name}", name, amount)
    asked = Asked(first=date(2026, 3, 1), last=date(2026, 3, 31), segment="big")
    found = {
        name: (await read_report(shop.handler, shop.workspace_id, name, asked)).data
        for name, report in REPORTS.items()
        if report.takes_segment
    }
    assert found["orders"][0] == {
        "period": "2026-03-01",
        "who": "member",
        "orders": 2,
        "customers": 2,
        "revenue": 17_000,
        "average_order": 8_500,
        "frequency": 1,
    }
    assert (found["members"][0]["members"], found["active-members"][0]["active"]) == (2, 2)
    assert found["points"][0]["issued"] == found["liability"][0]["outstanding"] == 90 + 45 + 80 + 40
    assert {row["tier"]: row["members"] for row in found["tiers"]} == {"": 0, "base": 0, "gold": 2}
    assert sorted(set(REPORTS) - set(found)) == ["budget-burn-down"]
