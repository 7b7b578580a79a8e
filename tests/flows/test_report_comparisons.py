"""The reports that compare, before with after and members with those held out, beside naive counts."""

from __future__ import annotations

import itertools
import math
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from asyncpg import Connection

from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.flows.commands import PutOrder
from perennial.flows.reports import Asked, read_report
from tests.flows.shop import START, Shop, available
from tests.flows.test_reports import DAY, FIRST, LAST, PROGRAM, Naive, local, read, share, year

__all__ = ["year"]


def before_and_after(naive: Naive) -> list[tuple[Any, ...]]:
    eve = FIRST - timedelta(days=1)
    earliest = FIRST - (LAST - FIRST) - timedelta(days=1)
    rows = []
    for kind in ("member", "other"):
        every = naive.buyers(earliest, LAST)
        whose = {who for who, of in every.items() if any(o[3] == "member" for o in of) == (kind == "member")}
        figures = []
        for since, until in ((earliest, eve), (FIRST, LAST)):
            of = [orders for who, orders in naive.buyers(since, until).items() if who in whose]
            count, revenue = sum(map(len, of)), sum(each[2] for each in itertools.chain(*of))
            gaps = [b - a for each in of for a, b in itertools.pairwise(sorted(o[1] for o in each))]
            average = (2 * revenue + count) // (2 * count) if count else None
            days = sum(gaps) / DAY / len(gaps) if gaps else None
            repeated = share(sum(len(each) >= 2 for each in of), len(of))
            figures.append((average, share(count, len(of)), days, repeated))
        rows.append((kind, *itertools.chain(*((then, now) for then, now in zip(*figures, strict=True)))))
    return rows


def change_of(then: Any, now: Any) -> Any:
    """What a figure has become of another one; nothing where one of them is missing."""
    return pytest.approx(now / then - 1, rel=1e-3) if then and now else None


async def test_before_and_after_are_the_same_figures(year: Shop, owner: Connection) -> None:
    """Both times are counted alike, with orders between them; a change is their quotient."""
    naive = before_and_after(await Naive.read(owner, year))
    for row, (who, *expected) in zip((await read(year, "before-and-after")).data, naive, strict=True):
        found = list(row.values())
        assert found[0] == who
        for place in range(4):
            then, now, change = found[1 + 3 * place : 4 + 3 * place]
            for value, counted in zip((then, now), expected[2 * place : 2 * place + 2], strict=True):
                assert value == (counted if counted is None else pytest.approx(counted, rel=1e-4))
            assert change == change_of(then, now)
    assert any(value is not None for value in naive[0][1:])


async def test_the_return_is_what_the_treated_bring_beyond_those_held_out(shop: Shop) -> None:
    """The difference of their margins, times the treated, beside what the points of these are worth."""
    held = "holdouts: [{id: nobody, share: 500}]\n"
    await shop.publish(PROGRAM.replace("tiers:", held + "tiers:", 1))
    margins: dict[str, list[int]] = {"treated": [], "held_out": []}
    points = 0
    for number in range(12):
        name, amount = f"c{number}", 1_000 + 100 * number
        lines = (Line(sku="tea", amount=amount, cost=300),)
        paid = Order(status=OrderStatus.PAID, lines=lines, currency="USD")
        done = await shop.do(PutOrder(id=f"o{number}", customer=name, at=START, order=paid))
        given = available(done)
        margins["treated" if given else "held_out"].append(amount - 300)
        points += given
    [row] = (await read_report(shop.handler, shop.workspace_id, "roi", Asked(first=local(START)))).data
    each = {name: Fraction(sum(of), len(of)) for name, of in margins.items()}
    more = (each["treated"] - each["held_out"]) * len(margins["treated"])
    cost = 2 * points
    assert list(row.values()) == [
        "nobody",
        len(margins["treated"]),
        len(margins["held_out"]),
        half_up(each["treated"]),
        half_up(each["held_out"]),
        half_up(more),
        cost,
        pytest.approx(float(more / cost - 1), rel=1e-4),
    ]


def half_up(amount: Fraction) -> int:
    """Round as the database does: a half away from zero."""
    return int(math.copysign(math.floor(abs(amount) + Fraction(1, 2)), amount))


@pytest.mark.parametrize(("incremental", "told"), [(589_000, 4.89), (963_000, 8.63)])
async def test_the_return_counts_what_the_program_costs_beside_its_points(
    shop: Shop, incremental: int, told: float
) -> None:
    """SC-89: for 1,000.00, rewards and the fee of the platform included, the return is +489 % or +863 %."""
    held = "holdouts: [{id: nobody, share: 500}]\n"
    await shop.publish(PROGRAM.replace("tiers:", held + "tiers:", 1))
    treated = 0
    for number in range(12):
        lines = (Line(sku="tea", amount=1_000, cost=1_000),)
        paid = Order(status=OrderStatus.PAID, lines=lines, currency="USD")
        done = await shop.do(PutOrder(id=f"o{number}", customer=f"c{number}", at=START, order=paid))
        if available(done):
            treated += 1
            brings = Order(
                status=OrderStatus.PAID, lines=(Line(sku="x", amount=incremental, cost=0),), currency="USD"
            )
            last = PutOrder(id="last", customer=f"c{number}", at=START, order=brings)
    await shop.do(last)
    asked = Asked(first=local(START))
    [free] = (await read_report(shop.handler, shop.workspace_id, "roi", asked)).data
    points_cost = free["cost"]
    assert isinstance(points_cost, int)
    assert free["incremental_margin"] == pytest.approx(incremental, abs=treated)
    asked = Asked(first=local(START), fee=100_000 - points_cost)
    [row] = (await read_report(shop.handler, shop.workspace_id, "roi", asked)).data
    assert row["cost"] == 100_000
    assert row["roi"] == pytest.approx(told, rel=1e-4)
