"""What came of experiments and holdouts: the sums of every variant, and what is said of them."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from statistics import mean

import pytest
from asyncpg import Connection

from perennial.core.document.experiments import Outcome
from perennial.core.orders.order import Line, Order, OrderStatus, ReturnedLine, net_amounts
from perennial.core.variants import place_of
from perennial.flows.commands import PostReturn, PutCustomer, PutHousehold, PutOrder
from perennial.flows.customers.household import put_household
from perennial.flows.experiments.results import read_experiment_results, read_experiments
from perennial.flows.experiments.words import verdict_words
from perennial.flows.problems import ProblemError
from perennial.flows.reading import read_customer
from perennial.flows.reports import Asked, read_report
from perennial.reports.calls import Call, TrialState
from perennial.reports.trials import read_trial
from perennial.store.orders import decode_order
from perennial.units import format_instant, named_id
from tests.flows.merges import merge
from tests.flows.shop import START, Shop
from tests.flows.sound import is_sound
from tests.flows.test_reports import local

DAY = 86_400_000_000

PROGRAM = """
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points, pays: {amount: 1}}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: double, type: per_amount, points: 2, per: 100}
experiments:
  - id: bonus
    outcome: orders
    starts: "2026-03-02"
    ends: "2026-05-01"
    variants:
      - {id: once, weight: 500}
      - {id: twice, weight: 500, replace: {rules: {base: double}}}
"""


def order(
    name: str, customer: str, at: int, amount: int, cost: int | None, currency: str = "USD"
) -> PutOrder:
    """A paid order of two lines, the second one a unit of three."""
    lines = (
        Line(sku="tea", amount=amount, cost=cost, id="1"),
        Line(sku="cup", amount=901, quantity=3, cost=None if cost is None else 500, id="2"),
    )
    paid = Order(status=OrderStatus.PAID, lines=lines, currency=currency, discount=7)
    return PutOrder(id=name, customer=customer, at=at, order=paid)


async def test_the_sums_are_those_of_a_naive_count(shop: Shop, owner: Connection) -> None:
    """Forty customers with orders before and after, returns, cancelations, other currencies, late ones."""
    rng = random.Random(4)
    early = PROGRAM.replace('    starts: "2026-03-02"\n', '    starts: "2026-03-20"\n')
    await shop.publish(early, START - 200 * DAY)
    placed = []
    for number in range(200):
        at = START + rng.randint(-120, 60) * DAY + number
        cost = rng.choice([None, 300, 400])
        currency = rng.choice(["USD", "USD", "USD", "EUR"])
        placed.append(order(f"o{number}", f"c{number % 40}", at, rng.randint(500, 9_000), cost, currency))
    await shop.advance(START + 61 * DAY)
    for each in sorted(placed, key=lambda each: each.at or 0):
        await shop.do(each)
    for each in rng.sample(placed, 60):
        back = (ReturnedLine(line="2", quantity=rng.randint(1, 2)),)
        whole = rng.random() < 0.3
        await shop.do(
            PostReturn(
                id=f"r-{each.id}", order=each.id, customer=each.customer, at=None, lines=() if whole else back
            )
        )
    for each in rng.sample(placed, 20):
        canceled = Order(status=OrderStatus.CANCELED, lines=each.order.lines, currency=each.order.currency)
        await shop.send(PutOrder(id=each.id, customer=each.customer, at=each.at, order=canceled))
    until = START + 50 * DAY
    async with shop.database.report(shop.workspace_id) as conn:
        found = await read_trial(
            conn, shop.workspace_id, 1, "bonus", until=until, currency="USD", unit=1, point_value=1.0
        )
    expected = await naive(owner, until)
    assert set(found) == {"once", "twice"}
    for variant, customers in expected.items():
        assert found[variant].customers == len(customers) > 5
        for outcome, (after, before) in _FIGURES.items():
            y = [figures[after] for figures in customers.values()]
            x = [figures[before] for figures in customers.values()]
            sums = found[variant].outcomes[outcome]
            assert float(sums.y) == sum(y), outcome
            assert float(sums.x) == sum(x), outcome
            assert float(sums.yy) == sum(each * each for each in y)
            assert float(sums.xx) == sum(each * each for each in x)
            assert float(sums.xy) == sum(a * b for a, b in zip(x, y, strict=True))
    assert any(float(each.outcomes[Outcome.MARGIN].x) for each in found.values())
    assert any(float(each.outcomes[Outcome.POINTS].x) for each in found.values())


async def test_points_count_wherever_they_were_posted(wide_shop: Shop, owner: Connection) -> None:
    """In a household, also of somebody who has left it; by a birthday and a return; with who was absorbed.

    A control has done the same and lives alone: to everybody the same points.
    """
    shop = wide_shop
    await shop.publish(PROGRAM[: PROGRAM.index("experiments:")] + BIRTHDAYS)
    names = [name for name in (f"c{number}" for number in range(40)) if not _held_out(shop, name)][:8]
    alone, stays, leaves, late, absorbed, into, *_ = names
    for name in names:
        await shop.do(PutCustomer(customer=name, attributes={"birthday": "2000-03-05"}))
    for name in (stays, leaves):
        await _lives(shop, name, "home")
    for name in names:
        await shop.do(order(f"a-{name}", name, START, 5_000, None))
    await _lives(shop, leaves, None)
    await _lives(shop, late, "home")
    await shop.advance(START + 10 * DAY)
    for name in names:
        await shop.do(order(f"b-{name}", name, START + 9 * DAY, 3_000, None))
        back = (ReturnedLine(line="1", quantity=1),)
        await shop.do(PostReturn(id=f"r-{name}", order=f"a-{name}", customer=name, at=None, lines=back))
    await merge(shop, absorbed, into)
    async with shop.database.report(shop.workspace_id) as conn:
        found = await read_trial(
            conn, shop.workspace_id, 1, "never", until=START + DAY * 11, currency="USD", unit=1, point_value=1
        )
    points = found["treated"].outcomes[Outcome.POINTS]
    each = (await read_customer(shop.handler, shop.workspace_id, alone)).wallets[0].available
    assert each == (9 + 18) + (38 + 77) + 100
    assert found["treated"].customers == len(names) - 1
    assert float(points.y) == each * len(names)
    assert float(points.yy) == each * each * (len(names) - 2) + (2 * each) ** 2
    [row] = (await read_report(shop.handler, shop.workspace_id, "roi", Asked(first=local(START)))).data
    assert (row["treated"], row["cost"]) == (len(names) - 1, each * len(names))
    await is_sound(shop, owner)


BIRTHDAYS = """\
  - {id: birthday, type: fixed, trigger: member.birthday, points: 100}
declarations: {member: {birthday: {type: date}}}
holdouts: [{id: never, share: 1}]
"""


def _held_out(shop: Shop, name: str) -> bool:
    return place_of(b"points/never/", named_id(shop.workspace_id, "customer", name)) < 1


async def _lives(shop: Shop, name: str, household: str | None) -> None:
    command = PutHousehold(customer=name, household=household)
    assert (await put_household(shop.handler, shop.workspace_id, command)).status == 200


_FIGURES = {
    Outcome.REVENUE: ("net", "net before"),
    Outcome.MARGIN: ("margin", "margin before"),
    Outcome.ORDERS: ("orders", "orders before"),
    Outcome.RETENTION: ("again", "orders before"),
    Outcome.POINTS: ("points", "points before"),
    Outcome.PROFIT: ("profit", "profit before"),
}


async def naive(owner: Connection, until: int) -> dict[str, dict[str, dict[str, int]]]:
    """Count everything anew, order by order, from their content and from the postings."""
    exposures = await owner.fetch("select customer_id, variant, exposed_at from exposures")
    found: dict[str, dict[str, dict[str, int]]] = defaultdict(dict)
    for customer, variant, exposed_at in exposures:
        if exposed_at >= until:
            continue
        figures: dict[str, int] = defaultdict(int)
        for row in await owner.fetch("select * from orders where customer_id = $1", customer):
            content = decode_order(row["body"])
            outside = not exposed_at - 90 * DAY <= (row["paid_at"] or 0) < until
            if row["status"] == 4 or outside or content.currency != "USD":
                continue
            past = " before" if row["paid_at"] < exposed_at else ""
            net, cost = sum(net_amounts(content)), 0
            returned = row["returned"] or [0, 0]
            for line, amount, back in zip(content.lines, net_amounts(content), returned, strict=True):
                net -= amount * back // line.quantity
                if line.cost is not None:
                    cost += line.cost - line.cost * back // line.quantity
            figures["orders" + past] += 1
            figures["net" + past] += net
            if all(line.cost is not None for line in content.lines):
                figures["margin" + past] += net - cost
            if row["paid_at"] > exposed_at:
                figures["again"] = 1
        for row in await owner.fetch("select * from postings where customer_id = $1", customer):
            if 2 in (row["debit"], row["credit"]) and exposed_at - 90 * DAY <= row["at"] < until:
                past = " before" if row["at"] < exposed_at else ""
                figures["points" + past] += row["amount"] if row["debit"] == 2 else -row["amount"]
        for past in ("", " before"):
            figures["profit" + past] = figures["margin" + past] - figures["points" + past]
        found[variant][customer] = figures
    return found


async def test_a_real_difference_is_told_and_an_experiment_has_its_states(shop: Shop) -> None:
    """Those with double points order twice as often: more orders, more points, and an end."""
    await shop.publish(PROGRAM)
    listed = await read_experiments(shop.handler, shop.workspace_id)
    assert [(each.id, each.state) for each in listed.data] == [("bonus", TrialState.RUNNING)]
    early = await read_experiment_results(shop.handler, shop.workspace_id, "points", "bonus")
    assert [each.verdict for each in early.comparisons] == [Call.TOO_EARLY]
    first = await asyncio.gather(*(shop.order(f"a{n}", f"c{n}", 1_000) for n in range(260)))
    await shop.advance(START + 10 * DAY)
    doubled = [n for n, each in enumerate(first) if each.programs[0].points["points"] == 20]
    again = [n for n in range(260) if n % 3 == 0] + [n for n in doubled if n % 3]
    at = START + DAY
    await asyncio.gather(*(shop.order(f"b{n}", f"c{n}", 1_000, at=at + n) for n in again))
    results = await read_experiment_results(shop.handler, shop.workspace_id, "points", "bonus")
    assert results.split.is_even
    assert [each.customers for each in results.variants] == [260 - len(doubled), len(doubled)]
    (comparison,) = results.comparisons
    assert (comparison.variant, comparison.verdict) == ("twice", Call.MORE)
    effect = comparison.outcomes["orders"]
    orders = [1 + (n in again) for n in range(260)]
    assert effect.control == pytest.approx(mean(orders[n] for n in range(260) if n not in doubled), rel=1e-5)
    assert effect.variant == pytest.approx(2)
    assert effect.low is not None
    assert effect.high is not None
    assert 0 < effect.low < effect.effect < effect.high
    assert comparison.words.startswith("More orders: twice brings 0.")
    assert comparison.words.endswith("orders per customer more than once.")
    assert comparison.outcomes["retention"].call is Call.MORE
    assert comparison.outcomes["margin"].call is Call.UNKNOWN
    assert results.variants[1].points_value == results.variants[1].points == 40 * len(doubled)
    await shop.advance(START + 70 * DAY)
    await shop.order("late", "c0", 1_000_000, at=START + 69 * DAY)
    after = await read_experiment_results(shop.handler, shop.workspace_id, "points", "bonus")
    assert after.trial.state is TrialState.ENDED
    assert after.variants == results.variants
    without = PROGRAM[: PROGRAM.index("experiments:")]
    await shop.publish(without)
    gone = await read_experiment_results(shop.handler, shop.workspace_id, "points", "bonus")
    assert gone.trial.state is TrialState.ENDED
    assert gone.variants == results.variants


async def test_what_is_taken_out_of_the_program_ends_there(shop: Shop) -> None:
    """A holdout without an end of its own: orders after the version without it change nothing."""
    without = PROGRAM[: PROGRAM.index("experiments:")]
    await shop.publish(without + "holdouts: [{id: never, share: 500}]\n")
    await asyncio.gather(*(shop.order(f"a{n}", f"c{n}", 1_000) for n in range(20)))
    before = await read_experiment_results(shop.handler, shop.workspace_id, "points", "never")
    await shop.advance(START + DAY)
    await shop.publish(without, START + DAY)
    await shop.advance(START + 2 * DAY)
    await asyncio.gather(*(shop.order(f"b{n}", f"c{n}", 1_000, at=START + DAY + n) for n in range(20)))
    after = await read_experiment_results(shop.handler, shop.workspace_id, "points", "never")
    assert after.trial.state is TrialState.REMOVED
    assert after.until == format_instant(START + DAY)
    assert after.variants == before.variants


async def test_a_holdout_tells_what_the_program_brings(shop: Shop) -> None:
    """Half of the customers are held out; the others earn, and what they bring is compared.

    Those held out and the others buy the same, but for what a group has more of: a cent or two in all.
    """
    holdouts = "holdouts: [{id: never, share: 500, outcome: profit}]\n"
    await shop.publish(PROGRAM[: PROGRAM.index("experiments:")] + holdouts)
    groups: dict[bool, list[str]] = {True: [], False: []}
    for name in (f"c{number}" for number in range(300)):
        place = place_of(b"points/never/", named_id(shop.workspace_id, "customer", name))
        groups[place < 500].append(name)
    orders = [
        order(f"o-{name}", name, START, 10_000 + n % 5, 9_000)
        for group in groups.values()
        for n, name in enumerate(group)
    ]
    await asyncio.gather(*(shop.do(each) for each in orders))
    results = await read_experiment_results(shop.handler, shop.workspace_id, "points", "never")
    assert results.trial.kind == "holdout"
    assert [each.id for each in results.variants] == ["held_out", "treated"]
    held, treated = results.variants
    assert (held.customers, treated.customers) == (len(groups[True]), len(groups[False]))
    assert held.points == 0
    assert treated.points == 325 * treated.customers
    assert treated.points_value == treated.points
    (comparison,) = results.comparisons
    assert comparison.verdict is Call.LESS
    assert comparison.outcomes["profit"].effect == pytest.approx(-325, abs=1)
    assert comparison.outcomes["margin"].call is Call.UNDECIDED
    assert comparison.words.startswith("Less profit: everybody else brings 3.2")
    assert comparison.words.endswith(" USD per customer less than those held out.")


async def test_changed_weights_are_told(shop: Shop) -> None:
    """Each set of weights is judged by itself; that they were changed is said."""
    await shop.publish(PROGRAM)
    await asyncio.gather(*(shop.order(f"a{n}", f"c{n}", 1_000) for n in range(60)))
    changed = PROGRAM.replace("once, weight: 500", "once, weight: 100")
    await shop.publish(changed.replace("twice, weight: 500", "twice, weight: 900"))
    await asyncio.gather(*(shop.order(f"b{n}", f"d{n}", 1_000) for n in range(200)))
    results = await read_experiment_results(shop.handler, shop.workspace_id, "points", "bonus")
    assert (results.split.is_even, results.split.weights_changed) == (True, True)


async def test_what_is_not_there_is_not_found(shop: Shop) -> None:
    """An unknown program and an unknown experiment are told apart."""
    await shop.publish(PROGRAM)
    for program, trial, code in (("nope", "bonus", "program"), ("points", "nope", "experiment")):
        with pytest.raises(ProblemError) as raised:
            await read_experiment_results(shop.handler, shop.workspace_id, program, trial)
        assert raised.value.problem.code == f"{code}_unknown"


def test_verdicts_in_words() -> None:
    """Every call has its words."""
    said = [
        verdict_words(call, Outcome.REVENUE, "new", "old", low, high, "USD")
        for call, low, high in (
            (Call.TOO_EARLY, 0, 0),
            (Call.UNDECIDED, -120.4, 340.0),
            (Call.MORE, 120.0, 340.0),
            (Call.LESS, -340.0, -120.0),
            (Call.UNKNOWN, 0, 0),
            (Call.UNEVEN, 0, 0),
        )
    ]
    assert said == [
        "It is too early to tell anything: new and old need 100 customers and 100 orders each.",
        (
            "No difference can be told yet: "
            "new may bring between 1.20 less and 3.40 USD per customer more than old."
        ),
        "More revenue: new brings 1.20 to 3.40 USD per customer more than old.",
        "Less revenue: new brings 1.20 to 3.40 USD per customer less than old.",
        "Nothing can be told about revenue: no order says what all of its lines cost.",
        "The customers are not split as the weights say: look for the fault, and believe no result.",
    ]
