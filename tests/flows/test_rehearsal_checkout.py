"""The rehearsal and the live path agree: the same commands, the same answers and books, step by step."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.document.text import parse_text
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.rehearsal.checkout import CartAsked, CheckoutRehearsal
from perennial.core.switches import SwitchKind, SwitchObject
from perennial.core.validation.validation import validate
from perennial.units import DAY, HOUR, SECOND
from tests.flows.rehearsed import RehearsedShop
from tests.flows.shop import Shop

PROGRAM = """
program: law
name: Law
time_zone: Europe/Berlin
wallets:
  - id: points
    name: Points
    pays: {points: 100, amount: 100, most: "50"}
    expiry: {type: rolling, after: {days: 9}}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 1, limits: [{points: 30000, every: day}]}
tiers: %s
limits:
  - {id: common, per: total, discount: 4000, every: week}
rewards:
  - id: five-off
    name: 5.00 off
    price: 500
    gives: [{type: amount_off, value: 500}]
    expires_after: {days: 10}
  - id: firm
    name: Points stay spent
    price: 300
    refundable: false
    gives: [{type: amount_off, value: 200}]
    limits: [{times: 3, every: week}]
  - {id: card, name: A gift card, price: 1000, gives: [{type: gift_card, value: 2500}]}
  - id: ten
    name: 10 %%
    gives: [{type: percent_off, percent: "10"}]
    codes: {shared: TEN}
    shared_limits: [common]
  - id: few
    name: Few
    gives: [{type: amount_off, value: 100}]
    codes: {shared: FEW}
    limits: [{times: 4, per: total}]
  - id: mine
    name: Mine
    gives: [{type: amount_off, value: 90}]
    codes: {shared: MINE}
    limits: [{times: 2}]
  - id: many
    name: Many
    gives: [{type: amount_off, value: 80}]
    codes: {shared: MANY}
    limits: [{customers: 2, per: total}]
  - id: big
    name: Big
    gives: [{type: amount_off, value: 70}]
    codes: {shared: BIG}
    limits: [{order_value: 40000, per: total}]
  - {id: pool, name: Pool, gives: [{type: amount_off, value: 150}], codes: {uses: 2, valid_for: {days: 5}}}
  - {id: bound, name: Bound, gives: [{type: percent_off, percent: "3"}], codes: {bound: true}}
  - id: ship
    name: Free shipping
    automatic: true
    gives: [{type: free_shipping}]
    usable_when: {fact: order.total, at_least: 4000}
  - {id: gold-only, name: Gold, automatic: true, tiers: [gold], gives: [{type: percent_off, percent: "5"}]}
campaigns:
  - id: sale
    limits: [{discount: 2500, per: total, at_cap: cut}]
    rewards:
      - {id: sale-off, name: Sale, gives: [{type: amount_off, value: 700}], codes: {shared: SALE}}
"""
BY_SPEND = (
    "{metrics: [{id: m, measure: orders.net, window: {calendar: month}}],"
    " levels: [{id: gold, name: Gold, reach: {m: 30000}}]}"
)
BY_BALANCE = (
    "{metrics: [{id: m, balance: points}], lasts: while_reached,"
    " levels: [{id: gold, name: Gold, reach: {m: 6000}}]}"
)
SHARED = ("TEN", "ten", "FEW", "MINE", "MANY", "BIG", "SALE", "NOBODY")
MEMBERS = ("anna", "ben", "cleo")
SWITCHED = (
    SwitchObject(kind=SwitchKind.REWARD, program="law", id="five-off"),
    SwitchObject(kind=SwitchKind.REWARD, program="law", id="ten"),
    SwitchObject(kind=SwitchKind.CAMPAIGN, program="law", id="sale"),
    SwitchObject(kind=SwitchKind.REWARD, program="law", id="card"),
    SwitchObject(kind=SwitchKind.EVERYTHING),
)


def rehearsal_of(document: str) -> CheckoutRehearsal:
    """Return a rehearsal of a document."""
    data, problems = parse_text(document)
    assert problems == []
    assert isinstance(data, dict)
    program = program_of(data)
    assert isinstance(program, Program), program
    assert validate(program) == []
    return CheckoutRehearsal(program)


class Shopping:
    """Random shopping: what is done next, out of what can be done."""

    def __init__(self, pair: RehearsedShop, seed: int) -> None:
        self.pair = pair
        self.random = Random(seed)
        self.done: list[str] = []
        self.seen: set[str] = set()

    async def step(self) -> None:
        """Do one thing on both sides and compare what they say and have."""
        deeds = [
            self.shop, self.wait, self.claim, self.claim, self.hand_out, self.quote, self.quote,
            self.redeem, self.redeem, self.redeem, self.hold, self.hold, self.redeem_hold, self.roll_back,
            self.roll_back, self.give_back, self.cancel, self.pay, self.switch,
        ]  # fmt: skip
        deed = self.random.choice(deeds)
        said = await deed()
        self.done.append(f"{deed.__name__}: {said[0] if said is not None else ''}")
        if said is not None:
            self.note(deed.__name__, said[0])
            assert said[0] == said[1], "\n".join(self.done[-8:])
        stored, rehearsed = await self.pair.stored(), self.pair.rehearsed()
        for name in stored:
            assert stored[name] == rehearsed[name], (name, "\n".join(self.done[-8:]))

    def note(self, deed: str, said: dict[str, Any]) -> None:
        """Remember what was seen, so that the tests know whether they saw enough."""
        self.seen.add(f"{deed} {said.get('refused') or said.get('state') or 'done'}")
        self.seen.update(str(one[3]) for one in said.get("redeemables", ()))
        self.seen.update("card paid" for one in said.get("cards", ()) if one[0])
        self.seen.update("points paid" for one in said.get("points", ()) if one[0])

    def order_of(self) -> Order:
        """Return some cart."""
        pick = self.random
        lines = tuple(
            Line(
                id=f"l{n}",
                sku=f"s{n}",
                amount=pick.choice((300, 999, 2_500, 8_001)),
                quantity=pick.randint(1, 3),
            )
            for n in range(1, pick.randint(2, 4))
        )
        shipping = pick.choice((0, 490))
        return Order(status=OrderStatus.CREATED, lines=lines, currency="USD", shipping=shipping)

    def cart(self) -> CartAsked:
        """Return some cart with something that shall be used on it."""
        pick, vouchers = self.random, list(self.pair.rehearsal.vouchers)
        codes = pick.sample(SHARED, pick.choice((0, 1, 1, 2)))
        codes += pick.sample(vouchers, min(len(vouchers), pick.choice((0, 1, 1, 2))))
        pick.shuffle(codes)
        if codes and not pick.randint(0, 9):
            codes.append(codes[0])
        rewards = pick.choice(
            ((), (), (), ("five-off",), ("firm",), ("firm", "five-off"), ("ten",), ("card",))
        )
        asked: list[dict[str, int | None]] = [{}, {}, {"points": None}, {"points": 700}, {"points": 50_000}]
        points = pick.choice(asked)
        return CartAsked(order=self.order_of(), codes=tuple(codes), rewards=rewards, points=points)

    def who(self) -> str | None:
        """Return a member, somebody who never ordered, or a guest."""
        return self.random.choice((*MEMBERS, *MEMBERS, "dora", None))

    def some(self, names: list[str]) -> str | None:
        """Return one of the names, if there is one."""
        return self.random.choice(names) if names else None

    async def shop(self) -> Any:
        """An order is paid."""
        return await self.pair.order(self.random.choice(MEMBERS), self.pair.name("o"), self.order_of())

    async def wait(self) -> Any:
        """Time passes."""
        pause = self.random.choice((SECOND, 60 * SECOND, HOUR, 5 * HOUR, DAY, 4 * DAY))
        await self.pair.wait(self.pair.at + pause)

    async def claim(self) -> Any:
        """Points are exchanged."""
        reward = self.random.choice(("five-off", "five-off", "firm", "card", "card", "ten"))
        return await self.pair.claim(self.random.choice(MEMBERS), reward)

    async def hand_out(self) -> Any:
        """A code of a pool is made."""
        customer = self.random.choice((*MEMBERS, None))
        await self.pair.hand_out(customer, self.random.choice(("pool", "bound")))

    async def quote(self) -> Any:
        """A cart is priced."""
        return await self.pair.quote(self.who(), self.cart())

    async def redeem(self) -> Any:
        """A cart is redeemed, for an order or for none."""
        name = self.pair.name("r")
        order = self.random.choice((None, f"of-{name}"))
        return await self.pair.redeem(self.who(), name, self.cart(), None, order)

    async def hold(self) -> Any:
        """A cart is held for a while."""
        name, seconds = self.pair.name("r"), self.random.choice((30, 900, 86_400))
        return await self.pair.redeem(self.who(), name, self.cart(), seconds, f"of-{name}")

    async def redeem_hold(self) -> Any:
        """A hold is redeemed, or something that is no open hold any more."""
        known = self.pair.rehearsal.redemptions
        open_ones = [name for name, one in known.items() if one.state == "held"]
        name = self.some(open_ones if self.random.randint(0, 3) else list(known))
        return None if name is None else await self.pair.redeem_hold(name)

    async def roll_back(self) -> Any:
        """One of the last redemptions is rolled back, whole or in part."""
        name = self.some(list(self.pair.rehearsal.redemptions)[-6:])
        if name is None:
            return None
        known, lines = self.pair.rehearsal.redemption(name), {}
        if known.state == "redeemed" and self.random.randint(0, 1):
            left = zip(known.used.ids, known.used.quantities, known.used.returned, strict=True)
            lines = {line: 1 for line, units, back in left if units > back and self.random.randint(0, 1)}
        return await self.pair.roll_back(name, lines)

    async def pay(self) -> Any:
        """Pay the order that something was redeemed for, as it was priced."""
        rehearsal = self.pair.rehearsal
        names = [
            name
            for name, one in rehearsal.redemptions.items()
            if one.order_name not in (None, *rehearsal.orders) and one.customer in MEMBERS
        ]
        name = self.some(names)
        if name is None:
            return None
        known = rehearsal.redemption(name)
        assert known.customer is not None
        assert known.order_name is not None
        return await self.pair.order(known.customer, known.order_name, known.checkout.quote.order)

    async def give_back(self) -> Any:
        """A unit of each line of an order comes back."""
        orders = self.pair.rehearsal.orders
        name = self.some([name for name, one in orders.items() if not one.canceled][-5:])
        if name is None:
            return None
        known = orders[name]
        left = zip(known.order.lines, known.returned, strict=True)
        lines = {line.id: 1 for line, back in left if line.id and line.quantity > back}
        return await self.pair.give_back(name, lines) if lines else None

    async def cancel(self) -> Any:
        """One of the last orders is canceled."""
        orders = self.pair.rehearsal.orders
        name = self.some([name for name, one in orders.items() if not one.canceled][-3:])
        return await self.pair.cancel(name) if name is not None and not self.random.randint(0, 1) else None

    async def switch(self) -> Any:
        """Something is switched off, or on again."""
        off = list(self.pair.rehearsal.switches)
        switched = off[0] if off else self.random.choice(SWITCHED)
        await self.pair.switch(switched)


SEEN = {
    "shop done", "pay done", "give_back done", "cancel done", "claim done", "quote done", "redeem redeemed",
    "hold held", "roll_back done", "roll_back nothing_to_roll_back", "card paid", "points paid",
    "insufficient_points", "unknown", "used_up", "customer_required", "given_twice", "not_offered",
}  # fmt: skip
"""What every one of the random walks below comes upon."""


@pytest.mark.parametrize("tiers", [BY_SPEND, BY_BALANCE], ids=["by spend", "by balance"])
@pytest.mark.parametrize("seed", range(3))
async def test_the_rehearsal_says_what_the_shop_says(shop: Shop, tiers: str, seed: int) -> None:
    """Whatever is claimed, quoted, held, redeemed and given back: both say the same, and have the same."""
    document = PROGRAM % tiers
    await shop.publish(document)
    shopping = Shopping(RehearsedShop(shop, rehearsal_of(document)), seed)
    for _ in range(2):
        for member in MEMBERS:
            await shopping.pair.order(member, shopping.pair.name("o"), shopping.order_of())
    for _ in range(90):
        await shopping.step()
    assert SEEN - shopping.seen == set()
