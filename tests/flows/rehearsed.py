"""One shop twice: on the database, and rehearsed in memory. Both do the same, and must say the same."""

from __future__ import annotations

from typing import Any

import msgspec

from perennial.core.checkout.checkout import Checkout
from perennial.core.orders.order import Order, OrderStatus, ReturnedLine
from perennial.core.rehearsal.checkout import CartAsked, CheckoutRehearsal
from perennial.core.rehearsal.rehearsal import RehearsalRefused
from perennial.core.switches import SwitchObject
from perennial.flows.answers import Answer, Decided, Problem
from perennial.flows.checkout.quoting import Quotes
from perennial.flows.commands import (
    Asked,
    Command,
    PointsAsked,
    PostClaim,
    PostRedemption,
    PostReturn,
    PostRollback,
    PutOrder,
    RedeemHold,
)
from perennial.flows.handling.quote_answers import QuoteAnswer, RedemptionAnswer
from perennial.flows.programs.life import Author
from perennial.flows.switches import turn_off, turn_on
from perennial.flows.vouchers.batches import NewBatch, create_batch
from perennial.units import SECOND, Instant, named_id
from tests.flows.shop import START, Shop

Said = dict[str, Any]
"""What one side says about a command, or has in its books."""


class RehearsedShop:
    """A shop and its rehearsal. Every deed returns what both say about it: the shop, then the rehearsal."""

    def __init__(self, shop: Shop, rehearsal: CheckoutRehearsal) -> None:
        self.shop = shop
        self.rehearsal = rehearsal
        self.at: Instant = START
        self.codes: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self.count = 0

    def name(self, kind: str) -> str:
        """Return a new name."""
        self.count += 1
        return f"{kind}{self.count}"

    async def wait(self, until: Instant) -> None:
        """Let time pass on both sides; holds end when they end, as they do where a worker runs."""
        known = self.rehearsal.redemptions.values()
        ends = {one.held_until for one in known if one.held_until is not None and one.held_until < until}
        for stop in (*sorted(ends), until):
            await self.shop.advance(stop)
            for name in list(self.rehearsal.members):
                self.rehearsal.run_timers(name, stop)
            self.rehearsal.end_holds(stop)
            self.at = stop

    async def order(self, customer: str, name: str, order: Order) -> tuple[Said, Said]:
        """An order is paid."""
        paid = msgspec.structs.replace(order, status=OrderStatus.PAID)
        live = await self.send(PutOrder(id=name, customer=customer, at=self.at, order=paid))
        return live, self.tried(lambda: self.rehearsal.pay(customer, name, self.at, paid))

    async def cancel(self, name: str) -> tuple[Said, Said]:
        """An order is canceled."""
        known = self.rehearsal.orders[name]
        order = msgspec.structs.replace(known.order, status=OrderStatus.CANCELED)
        live = await self.send(PutOrder(id=name, customer=known.customer, at=self.at, order=order))
        return live, self.tried(lambda: self.rehearsal.cancel(name, self.at))

    async def give_back(self, name: str, lines: dict[str, int]) -> tuple[Said, Said]:
        """Units of an order's lines come back."""
        known = self.rehearsal.orders[name]
        returned = tuple(ReturnedLine(line=line, quantity=units) for line, units in lines.items())
        command = PostReturn(
            id=self.name("return"), order=name, customer=known.customer, at=self.at, lines=returned
        )
        live = await self.send(command)
        return live, self.tried(lambda: self.rehearsal.give_back(name, self.at, lines))

    async def claim(self, customer: str, reward: str) -> tuple[Said, Said]:
        """Points are exchanged for a reward, whose voucher gets a name."""
        name = self.name("v")
        answer = await self.shop.send(
            PostClaim(id=self.name("claim"), customer=customer, at=self.at, reward=reward)
        )
        if answer.status == 201:
            voucher = msgspec.json.decode(answer.body, type=Decided).voucher
            assert voucher is not None
            self.codes[name], self.ids[name] = voucher.code, voucher.id
        return said(answer), self.tried(lambda: self.rehearsal.claim(customer, self.at, reward, name))

    async def hand_out(self, customer: str | None, reward: str) -> None:
        """A code of a pool is made, for a customer or for whoever has it."""
        name = self.name("POOL")
        customers = () if customer is None else (customer,)
        batch = NewBatch(id=name, reward=reward, codes=(name,), customers=customers, allow_weak=True)
        answer = await create_batch(self.shop.handler, self.shop.workspace_id, batch, "test")
        assert answer.status == 201, answer.body
        self.codes[name] = name
        self.rehearsal.hand_out(customer, self.at, reward, name)

    async def quote(self, customer: str | None, cart: CartAsked) -> tuple[Said, Said]:
        """A cart is priced."""
        command = self.command(self.name("quote"), customer, cart)
        live = await Quotes(self.shop.intake).quote(self.shop.workspace_id, command)
        checkout = self.rehearsal.quote(customer, self.at, cart)
        return self.quoted(live), self.priced(checkout)

    async def redeem(
        self, customer: str | None, name: str, cart: CartAsked, seconds: int | None, order: str | None
    ) -> tuple[Said, Said]:
        """A cart is redeemed, or held for some seconds."""
        hold = None if seconds is None else seconds * SECOND
        command = self.command(name, customer, cart)
        answer = await self.shop.send(msgspec.structs.replace(command, order_id=order, hold_for=hold))
        if answer.status != 201:
            return said(answer), self.tried(lambda: self._redeem(customer, name, cart, hold, order))
        found = msgspec.json.decode(answer.body, type=RedemptionAnswer)
        checkout = self._redeem(customer, name, cart, hold, order)
        known = self.rehearsal.redemption(name)
        return (
            {**self.quoted(found.quote), "state": found.state},
            {**self.priced(checkout), "state": known.state},
        )

    def _redeem(
        self, customer: str | None, name: str, cart: CartAsked, hold: Instant | None, order: str | None
    ) -> Checkout:
        until = None if hold is None else self.at + hold
        return self.rehearsal.redeem(customer, name, self.at, cart, order=order, held_until=until)[0]

    async def redeem_hold(self, name: str) -> tuple[Said, Said]:
        """What was held is redeemed."""
        customer = self.rehearsal.redemption(name).customer
        live = await self.send(RedeemHold(id=name, customer=customer, at=self.at))
        return live, self.tried(lambda: self.rehearsal.redeem_hold(name, self.at))

    async def roll_back(self, name: str, lines: dict[str, int]) -> tuple[Said, Said]:
        """A redemption or hold gives back, whole or by lines."""
        returned = tuple(ReturnedLine(line=line, quantity=units) for line, units in lines.items())
        command = PostRollback(
            id=self.name("rollback"),
            redemption=name,
            customer=self.rehearsal.redemption(name).customer,
            at=self.at,
            lines=returned,
        )
        live = await self.send(command)
        return live, self.tried(lambda: self.rehearsal.roll_back(name, self.at, lines))

    async def switch(self, switched: SwitchObject) -> None:
        """Something that is on goes off, or the other way round."""
        author = Author(actor="test", at=self.at, note="a try")
        if switched in self.rehearsal.switches:
            await turn_on(self.shop.database, self.shop.workspace_id, switched, author)
            self.rehearsal.turn_on(switched)
        else:
            await turn_off(self.shop.database, self.shop.workspace_id, switched, author)
            self.rehearsal.turn_off(switched, self.at, "a try")

    async def send(self, command: Command) -> Said:
        """Send a command and return the code of what refused it, if something did."""
        return said(await self.shop.send(command))

    def tried(self, deed: Any) -> Said:
        """Do something in the rehearsal and return the code of what refused it, if something did."""
        try:
            deed()
        except RehearsalRefused as refused:
            return {"refused": refused.refusal.code.value}
        return {"refused": None}

    def command(self, name: str, customer: str | None, cart: CartAsked) -> PostRedemption:
        """Return the command that asks for what the cart asks for."""
        codes = [Asked(code=self.codes.get(code, code)) for code in cart.codes]
        return PostRedemption(
            id=name,
            customer=customer,
            at=self.at,
            order=cart.order,
            redeem=(*codes, *(Asked(reward=reward) for reward in cart.rewards)),
            points=tuple(PointsAsked(wallet=name, points=points) for name, points in cart.points.items()),
        )

    @staticmethod
    def quoted(answer: QuoteAnswer) -> Said:
        """Return the figures of an answer; names and words of codes differ on purpose."""
        return {
            "sums": (answer.subtotal, answer.discount_total, answer.shipping_discount, answer.total),
            "to_pay": answer.to_pay,
            "lines": [(line.id, line.discount, line.added_by) for line in answer.lines],
            "redeemables": [
                (one.reward, one.source, one.status, one.reason, one.discount, one.by)
                for one in answer.redeemables
            ],
            "points": [(one.points, one.amount, one.reason) for one in answer.points],
            "cards": [(one.amount, one.left) for one in answer.cards],
            "earns": sum(one.points for one in answer.earns),
        }

    @staticmethod
    def priced(checkout: Checkout) -> Said:
        """Return the figures of a rehearsed checkout in the same form."""
        quote = checkout.quote
        return {
            "sums": (quote.subtotal, quote.discount_total, quote.shipping_discount, quote.total),
            "to_pay": checkout.to_pay,
            "lines": [(line.id, line.discount, line.added_by) for line in quote.lines],
            "redeemables": [
                (
                    one.reward,
                    one.source.value,
                    one.standing.status.value,
                    None if one.standing.reason is None else one.standing.reason.value,
                    one.standing.discount,
                    one.standing.by,
                )
                for one in quote.redeemables
            ],
            "points": [
                (one.points, one.amount, None if one.reason is None else one.reason.value)
                for one in checkout.points.values()
            ],
            "cards": [(one.amount, one.left) for one in checkout.cards],
            "earns": sum(award.points for awards in quote.earns.values() for award in awards),
        }

    async def stored(self) -> Said:
        """Return the books of the database."""
        async with self.shop.database.transaction(self.shop.workspace_id) as conn:
            workspace = await self.shop.handler.configurations.current(conn, self.shop.workspace_id)
            unit = workspace.programs[0].latest.wallets[0].unit
            card_unit = workspace.programs[0].latest.card_unit
            wallets = await conn.fetch(
                "select customer_id, balance, pending, held, spent, earned, expired from wallets "
                "where unit_id = $1",
                unit,
            )
            lots = await conn.fetch("select customer_id, remaining from lots where unit_id = $1", unit)
            cards = await conn.fetch("select balance, held from wallets where unit_id = $1", card_unit)
            limits = await conn.fetch("select customer_id, period, used from limit_uses where used <> 0")
            budgets = await conn.fetch("select period, used from budgets where used <> 0")
            vouchers = await conn.fetch("select used from vouchers")
            tiers = await conn.fetch("select customer_id, tier from memberships")
        names = {named_id(self.shop.workspace_id, "customer", name): name for name in self.rehearsal.members}
        return {
            "wallets": {names[row[0]]: tuple(row)[1:] for row in wallets},
            "lots": sorted((names[row[0]], row[1]) for row in lots if row[1]),
            "cards": sorted(tuple(row) for row in cards),
            "limits": sorted((names[row[0]], row[1], row[2]) for row in limits),
            "budgets": sorted(tuple(row) for row in budgets),
            "vouchers": sorted(row[0] for row in vouchers),
            "tiers": {names[row[0]]: row[1] for row in tiers},
        }

    def rehearsed(self) -> Said:
        """Return the books of the rehearsal in the same form."""
        rehearsal = self.rehearsal
        wallet = rehearsal.versions[-1].program.wallets[0].id
        unit = rehearsal.versions[-1].wallets[0].unit
        wallets = {
            name: rehearsal.wallet(name, wallet)
            for name, member in rehearsal.members.items()
            if unit in member.wallets
        }
        cards = [one.card.wallets for one in rehearsal.vouchers.values() if one.card is not None]
        return {
            "wallets": {
                name: (one.balance, one.pending, one.held, one.spent, one.earned, one.expired)
                for name, one in wallets.items()
            },
            "lots": sorted(
                (name, lot.remaining)
                for name, one in wallets.items()
                for lot in (one.lots or {}).values()
                if lot.remaining
            ),
            "cards": sorted((one.balance, one.held) for card in cards for one in card.values()),
            "limits": sorted(
                (name, period, used)
                for name, member in rehearsal.members.items()
                for periods in member.limits.values()
                for period, used in periods.items()
                if used
            ),
            "budgets": sorted((period, used) for (_, period), used in rehearsal.spent.items() if used),
            "vouchers": sorted(one.used for one in rehearsal.vouchers.values()),
            "tiers": {
                name: member.memberships[1].tier
                for name, member in rehearsal.members.items()
                if 1 in member.memberships
            },
        }


def said(answer: Answer) -> Said:
    """Return the code of what refused a command, if something did."""
    if answer.status < 400:
        return {"refused": None}
    return {"refused": msgspec.json.decode(answer.body, type=Problem).code}
