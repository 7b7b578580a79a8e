"""Orders through the whole path: batches, transactions, real PostgreSQL."""

from __future__ import annotations

import asyncio

import msgspec

from perennial.core.orders.order import Line, Order, OrderStatus, ReturnedLine
from perennial.flows.clock import advance_sandbox_clock
from perennial.flows.commands import Command, PostClaim, PostReturn, PutOrder
from perennial.units import DAY, HOUR
from tests.flows.shop import START, Shop, available, decided, put_order

BASE = """
program: points
name: Points
time_zone: UTC
wallets:
  - {id: points, name: Points}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
rewards:
  - {id: five-off, name: 5.00 off, price: 500, gives: [{type: amount_off, value: 500}]}
"""


async def test_an_order_earns_and_answers_with_the_balance(shop: Shop) -> None:
    """One point per whole 1.00 of the order, available at once."""
    await shop.publish(BASE)
    answer = await shop.order("o1", "c1", 1999, 2000)
    assert answer.programs[0].points == {"points": 39}
    assert available(answer) == 39


async def test_the_same_order_twice_is_once(shop: Shop) -> None:
    """The second PUT replays the stored answer, byte for byte, and posts nothing."""
    await shop.publish(BASE)
    first = await shop.send(put_order("o1", "c1", 5000))
    second = await shop.send(put_order("o1", "c1", 5000))
    assert (first.status, second.status) == (201, 200)
    assert second.replayed
    assert second.body == first.body
    assert available(await shop.order("o2", "c1", 100)) == 51


async def test_an_id_belongs_to_its_customer(shop: Shop) -> None:
    """The id of another customer's order is refused, and nothing is earned."""
    await shop.publish(BASE)
    await shop.order("o1", "c1", 5000)
    problem = await shop.refuse(put_order("o1", "c2", 5000))
    assert (problem.status, problem.code) == (422, "id_conflict")


async def test_a_return_takes_back_what_the_line_earned(shop: Shop) -> None:
    """Returning one of two units takes back half of that line's points; a repetition nothing."""
    await shop.publish(BASE)
    line = Line(sku="pen", amount=10_000, quantity=2, id="pen")
    order = Order(status=OrderStatus.PAID, lines=(line,), currency="USD")
    await shop.do(PutOrder(id="o1", customer="c1", at=START, order=order))
    back = PostReturn(
        id="r1", order="o1", customer="c1", at=START, lines=(ReturnedLine(line="pen", quantity=1),)
    )
    first = await shop.do(back)
    assert first.programs[0].taken_back == {"points": 50}
    assert available(first) == 50
    again = await shop.send(back)
    assert again.replayed
    assert available(await shop.give_back("r2", "o1", "c1")) == 0


async def test_a_return_finds_out_whose_the_order_is(shop: Shop) -> None:
    """A return need not name the customer: the order was stored, or is in the batch, or is nobody's."""

    def back(order: str) -> PostReturn:
        return PostReturn(id=f"back-{order}", order=order, customer=None, at=START, lines=())

    await shop.publish(BASE)
    await shop.order("stored", "c1", 5000)
    await shop.order("guest", None, 5000)
    await shop.order("adopted", None, 5000)
    commands: list[Command] = [
        back("stored"),
        put_order("fresh", "c2", 3000),
        back("fresh"),
        back("guest"),
        put_order("adopted", "c3", 5000),
        back("adopted"),
        back("nowhere"),
    ]
    bucket = (await shop.handler.read_workspace(shop.workspace_id)).bucket_base
    answers = await shop.handler.handle_batch(shop.workspace_id, bucket, commands)
    assert [answer.status for answer in answers] == [201, 201, 201, 201, 201, 201, 404]
    assert decided(answers[0]).programs[0].taken_back == {"points": 50}
    assert decided(answers[2]).programs[0].taken_back == {"points": 30}
    assert (decided(answers[5]).customer, available(decided(answers[5]))) == ("c3", 0)


async def test_the_id_of_a_refused_order_stays_free(shop: Shop) -> None:
    """What is refused takes no id: not alone, not beside others in a batch, and not from another customer."""
    await shop.publish(BASE)
    late = START + 10 * DAY
    bucket = (await shop.handler.read_workspace(shop.workspace_id)).bucket_base
    commands = [put_order("o1", "c1", 5000, at=late), put_order("o2", "c1", 3000)]
    answers = await shop.handler.handle_batch(shop.workspace_id, bucket, commands)
    assert [answer.status for answer in answers] == [422, 201]
    assert (await shop.order("o1", "c2", 4000)).customer == "c2"
    same = [put_order("o3", "c1", 5000, at=late), put_order("o3", "c2", 1000), put_order("o3", "c1", 1000)]
    answers = await shop.handler.handle_batch(shop.workspace_id, bucket, same)
    assert [answer.status for answer in answers] == [422, 201, 422]


async def test_a_changed_order_is_judged_anew(shop: Shop) -> None:
    """A paid order with new content nets the difference; canceling takes back the rest."""
    await shop.publish(BASE)
    await shop.order("o1", "c1", 5000)
    changed = await shop.order("o1", "c1", 8000)
    assert (changed.revision, available(changed)) == (2, 80)
    canceled = await shop.order("o1", "c1", 8000, status="canceled")
    assert available(canceled) == 0
    problem = await shop.refuse(put_order("o1", "c1", 9000))
    assert problem.code == "order_canceled"


async def test_a_guest_order_earns_when_a_customer_is_attached(shop: Shop) -> None:
    """A guest's order earns nothing; attaching a customer judges it as of its own time."""
    await shop.publish(BASE)
    guest = await shop.order("o1", None, 5000)
    assert guest.programs == ()
    attached = await shop.order("o1", "c1", 5000)
    assert available(attached) == 50


async def test_a_claim_spends_and_issues_a_voucher(shop: Shop) -> None:
    """500 points become a voucher of 5.00; one point less is refused with the numbers."""
    await shop.publish(BASE)
    await shop.order("o1", "c1", 49_900)
    claim = PostClaim(id="k1", customer="c1", at=START, reward="five-off")
    problem = await shop.refuse(claim)
    assert problem.code == "insufficient_points"
    assert problem.details["missing"] == 1
    await shop.order("o2", "c1", 100)
    answer = await shop.do(PostClaim(id="k2", customer="c1", at=START, reward="five-off"))
    assert answer.voucher is not None
    assert (answer.voucher.value, available(answer)) == (500, 0)


async def test_pending_points_activate_and_expire_at_their_instants(shop: Shop) -> None:
    """The clock runs what is due: pending for two days, then a month to live."""
    await shop.publish(
        BASE.replace(
            "{id: points, name: Points}",
            "{id: points, name: Points, pending: {type: period, after: {days: 2}},"
            " expiry: {type: rolling, after: {months: 1}}}",
        )
    )
    answer = await shop.order("o1", "c1", 5000)
    assert (available(answer), answer.balances[0].pending) == (0, 50)
    await advance_sandbox_clock(shop.handler, shop.workspace_id, START + 3 * DAY)
    answer = await shop.order("o2", "c1", 0, at=START + 3 * DAY)
    assert (available(answer), answer.balances[0].pending) == (50, 0)
    await advance_sandbox_clock(shop.handler, shop.workspace_id, START + 40 * DAY)
    answer = await shop.order("o3", "c1", 0, at=START + 40 * DAY)
    assert available(answer) == 0


async def test_a_batch_keeps_the_order_of_a_member(shop: Shop) -> None:
    """Fifty orders of one member sent at once are one batch, each on top of the one before."""
    await shop.publish(BASE)
    commands = [put_order(f"o{number}", "c1", 1000) for number in range(50)]
    answers = await shop.intake.submit_many(shop.workspace_id, commands)
    assert {answer.status for answer in answers} == {201}
    assert b'"available":500' in answers[-1].body


async def test_one_bad_command_fails_alone(shop: Shop) -> None:
    """A refused command in the middle of a batch leaves its neighbors as they are."""
    await shop.publish(BASE)
    answers = await asyncio.gather(
        shop.send(put_order("o1", "c1", 1000)),
        shop.send(PostClaim(id="k1", customer="c1", at=START, reward="five-off")),
        shop.send(PostReturn(id="r1", order="nowhere", customer="c1", at=START, lines=())),
        shop.send(put_order("late", "c1", 1000, at=START + HOUR)),
        shop.send(put_order("o2", "c2", 1000)),
    )
    assert [answer.status for answer in answers] == [201, 409, 404, 422, 201]


async def test_a_changed_order_keeps_what_a_rule_with_a_cooldown_gave(shop: Shop) -> None:
    """Its own firing does not keep the rule from it; another order within the cooldown still gets nothing."""
    rule = "  - {id: visit, type: fixed, points: 50, cooldown: {days: 1}}\n"
    await shop.publish(BASE.replace("rewards:\n", rule + "rewards:\n"))
    assert available(await shop.order("o1", "c1", 1000)) == 60
    for amount in (3000, 2000):
        assert available(await shop.order("o1", "c1", amount)) == 50 + amount // 100
    await shop.advance(START + 3 * DAY)
    assert available(await shop.order("o2", "c1", 1000, at=START + HOUR)) == 80
    assert available(await shop.order("o1", "c1", 1000)) == 70
    assert available(await shop.order("o3", "c1", 1000, at=START + 2 * DAY)) == 130


async def test_a_rule_rests_in_each_store_by_itself(shop: Shop) -> None:
    """It is kept by store over batches and changes; a changed order is as it was in its own store only."""
    rule = "  - {id: visit, type: fixed, points: 50, cooldown: {days: 1}, cooldown_per: location}\n"
    await shop.publish(BASE.replace("rewards:\n", rule + "rewards:\n"))

    def at(store: str, name: str, amount: int = 1000, hours: int = 0) -> PutOrder:
        put = put_order(name, "c1", amount, at=START + hours * HOUR)
        return msgspec.structs.replace(put, order=msgspec.structs.replace(put.order, location=store))

    assert available(await shop.do(at("a", "o1"))) == 60
    assert available(await shop.do(at("b", "o2"))) == 120
    assert available(await shop.do(at("a", "o3"))) == 130
    assert available(await shop.do(at("a", "o1", 2000))) == 140
    await shop.advance(START + 3 * DAY)
    assert available(await shop.do(at("b", "o4", hours=23))) == 150
    assert available(await shop.do(at("b", "o5", hours=24))) == 210
    assert available(await shop.do(at("a", "o6", hours=24))) == 270
