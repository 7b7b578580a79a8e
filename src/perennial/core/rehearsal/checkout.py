"""Codes, carts, holds and redemptions of a rehearsal, through the same functions as the live path.

A voucher goes by a name that whoever rehearses gives it, where a shop has its code. A hold ends by itself
when :meth:`CheckoutRehearsal.end_holds` is told how late it is. Nothing here knows a rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy, deepcopy
from typing import Self
from uuid import UUID

import msgspec

from perennial.core.checkout.checkout import Basket, Checkout, PointsWanted, check_out, offers_of
from perennial.core.checkout.entered import unknown_code, wanted_by_shared_code, wanted_by_voucher
from perennial.core.checkout.payments import Card, card_credit, charge_card, is_full
from perennial.core.checkout.redemption import (
    grace_of,
    hold_over,
    nothing_to_roll_back,
    price_changed,
    returned_with_order,
    settle_checkout,
    switched_off_since,
    too_many_holds,
    used_by_program,
    used_on,
    used_places,
)
from perennial.core.checkout.used import Returning, Used, UsedByProgram, capture, give_back
from perennial.core.decision import Decision
from perennial.core.document.program import Program
from perennial.core.effects import Effect, IssueVoucher, UseVoucher, VoidVoucher
from perennial.core.events import CartRedeemed
from perennial.core.fold import fold
from perennial.core.member import Member
from perennial.core.orders.order import Order, line_ids
from perennial.core.pricing.redeemables import Voucher, Wanted
from perennial.core.refusals import Refusal
from perennial.core.rehearsal.households import HouseholdRehearsal
from perennial.core.rehearsal.played import PlayedRedemption, PlayedVoucher
from perennial.core.rehearsal.rehearsal import (
    PROGRAM_ID,
    PlayedOrder,
    RehearsalRefused,
    UnknownName,
    decisions_of,
)
from perennial.core.version import Version
from perennial.core.wallets.dates import end_of_day_after
from perennial.core.wallets.spending import spend
from perennial.ledger.account import Account
from perennial.units import Instant, Minor, Points, named_id

BUCKET = 0
"""Where everybody of a rehearsal lives."""


class CartAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A cart with what shall be used on it: codes, then rewards to be claimed, and points that pay.

    Points are asked for by wallet; None is as many as possible. ``pays`` says of rewards how many points pay,
    ``wallets`` out of which.
    """

    order: Order
    codes: tuple[str, ...] = ()
    rewards: tuple[str, ...] = ()
    points: dict[str, Points | None] = {}
    pays: dict[str, Points] = {}
    wallets: dict[str, str] = {}


class CheckoutRehearsal(HouseholdRehearsal):
    """A rehearsal with a checkout. A customer of None is a guest."""

    def __init__(self, program: Program, program_id: int = PROGRAM_ID) -> None:
        super().__init__(program, program_id)
        self.vouchers: dict[str, PlayedVoucher] = {}
        self.redemptions: dict[str, PlayedRedemption] = {}

    def from_the_start(self) -> Self:
        """Return a rehearsal of the same versions in which nothing has happened yet."""
        empty = copy(self)
        empty.members, empty.orders, empty.spent, empty.switches = {}, {}, {}, {}
        empty.days, empty.homes, empty.kept = {}, {}, {}
        empty.vouchers, empty.redemptions = {}, {}
        empty.left, empty.happened, empty.won = {}, [], {}
        return empty

    def claim(
        self,
        customer: str,
        at: Instant,
        reward: str,
        name: str | None = None,
        points: Points | None = None,
        wallet: str | None = None,
    ) -> list[Decision]:
        """Points for a reward; its voucher, the first if it gives several, may be used under ``name``."""
        self._check_new_voucher(name)
        decisions = super().claim(customer, at, reward, name, points, wallet)
        if name is not None:
            self.name_voucher(customer, at, name, decisions)
        return decisions

    def name_voucher(self, customer: str, at: Instant, name: str, decisions: list[Decision]) -> None:
        """Let the first voucher that was just issued be used under ``name``."""
        self._check_new_voucher(name)
        for decision in decisions:
            version = self.versions[decision.version - 1]
            for effect in decision.effects:
                if isinstance(effect, IssueVoucher) and name not in self.vouchers:
                    self._issue(name, effect, version, self.member(customer).customer_id, at)

    def hand_out(self, customer: str | None, at: Instant, reward: str, name: str) -> None:
        """A code of the reward's pool is made, for a customer or for whoever has it."""
        self._check_new_voucher(name)
        version = self.version_at(at)
        compiled = version.rewards.get(reward)
        if compiled is None:
            raise UnknownName(f"the program has no reward {reward!r}")
        codes = compiled.reward.codes
        if codes is None or codes.shared is not None:
            raise UnknownName(f"reward {reward!r} has no codes of its own")
        lasts = codes.valid_for
        voucher_id = named_id(0, "voucher", name)
        self.vouchers[name] = PlayedVoucher(
            voucher_id=voucher_id,
            reward=reward,
            version=version.number,
            holder=voucher_id if customer is None else self.member(customer).customer_id,
            uses=codes.uses_of_each,
            bound=codes.bound,
            expires_at=None if lasts is None else end_of_day_after(version, at, lasts),
            claimed=False,
            card=_funded(voucher_id, version, compiled.card_for(None), at),
        )

    def card_balance(self, name: str) -> Minor:
        """Return what a gift card holds."""
        voucher = self.vouchers.get(name)
        if voucher is None or voucher.card is None:
            raise UnknownName(f"there is no gift card {name!r}")
        return voucher.card.wallets[self.versions[voucher.version - 1].card_unit].balance

    def quote(self, customer: str | None, at: Instant, cart: CartAsked) -> Checkout:
        """Price a cart and change nothing."""
        _, _, checkout = self._trial(customer).check_out(customer, "quote", at, cart, Account.REDEEMED)
        return checkout

    def check_out(
        self, customer: str | None, name: str, at: Instant, cart: CartAsked, target: Account
    ) -> tuple[Member, list[Decision], Checkout]:
        """Price a cart for its customer, who is enrolled for it; nothing of it is used yet.

        A guest is somebody with nothing, who goes by the redemption's own id.
        """
        redemption_id = named_id(0, "redemption", name)
        decisions: list[Decision] = []
        member = Member(customer_id=redemption_id, owner=redemption_id)
        if customer is not None:
            member = self.member(customer)
            decisions = decisions_of(self.pass_time(member, at) + self._enroll_automatically(member, at))
        guest = customer is None
        basket = Basket(
            id=redemption_id,
            at=at,
            order=cart.order,
            wanted=tuple(self._wanted(cart)),
            points=tuple(self._points(cart)),
            cards=tuple(self._cards(cart)),
        )
        versions = [self.version_at(at)]
        offers = offers_of(versions, member, at, self.spent, cart.order, self.switched(), guest=guest)
        return member, decisions, check_out(basket, offers, member, target)

    def redeem(
        self,
        customer: str | None,
        name: str,
        at: Instant,
        cart: CartAsked,
        *,
        order: str | None = None,
        held_until: Instant | None = None,
        expects: Minor | None = None,
    ) -> tuple[Checkout, list[Decision]]:
        """Use what was asked for on a cart, or hold it until an instant."""
        if name in self.redemptions:
            raise UnknownName(f"there already is a redemption {name!r}")
        if held_until is not None and customer is not None:
            _refuse(too_many_holds(self._open_holds(customer)))
        _refuse(price_changed(expects, self.quote(customer, at, cart).to_pay))
        target = Account.REDEEMED if held_until is None else Account.HELD
        member, decisions, checkout = self.check_out(customer, name, at, cart, target)
        used, decided = self._write(member, name, at, cart, checkout, target)
        state = "redeemed" if held_until is None else "held"
        self.redemptions[name] = PlayedRedemption(
            customer, member.customer_id, order, checkout, used, state, held_until
        )
        return checkout, decisions + decided

    def redeem_hold(self, name: str, at: Instant, order: str | None = None) -> Checkout:
        """Redeem what was held, as it was priced; twice is once."""
        known = self.redemption(name)
        if known.state == "redeemed":
            return known.checkout
        if known.state != "held" or (known.held_until is not None and known.held_until <= at):
            raise RehearsalRefused(hold_over(name))
        for part in known.used.programs:
            _refuse(switched_off_since(part, self.versions[part.version - 1], self.switched()))
        known.used, returning = capture(known.used)
        self._apply(known, returning, at)
        known.state, known.held_until = "redeemed", None
        known.order_name = order or known.order_name
        return known.checkout

    def roll_back(self, name: str, at: Instant, lines: Mapping[str, int]) -> None:
        """Give back what a redemption or hold used, or what units of lines (line id -> units) share of it."""
        known = self.redemption(name)
        if known.used.over:
            raise RehearsalRefused(nothing_to_roll_back(name))
        if not lines:
            self._undo_redemption(known, known.used.quantities, at, void=True)
            return
        if known.state == "held":
            raise UnknownName(f"hold {name!r} is released as a whole")
        used, returned = known.used, list(known.used.returned)
        for line, units in lines.items():
            if line not in used.ids:
                raise UnknownName(f"redemption {name!r} has no line {line!r}")
            place = used.ids.index(line)
            returned[place] += units
            if returned[place] > used.quantities[place]:
                raise UnknownName(f"redemption {name!r} has fewer units of line {line!r}")
        self._undo_redemption(known, tuple(returned), at, void=False)

    def release(self, name: str, at: Instant) -> None:
        """Give back what a hold reserved."""
        if self.redemption(name).state == "redeemed":
            raise UnknownName(f"{name!r} is redeemed: roll it back")
        self.roll_back(name, at, {})

    def end_holds(self, at: Instant) -> None:
        """Release every hold whose time is over, each as of the instant at which it was."""
        over = [
            (known.held_until, name)
            for name, known in self.redemptions.items()
            if known.state == "held" and known.held_until is not None and known.held_until <= at
        ]
        for until, name in sorted(over):
            known = self.redemptions[name]
            if known.customer is not None:
                self.run_timers(known.customer, until)
            self._undo_redemption(known, known.used.quantities, until, void=True)

    def redemption(self, name: str) -> PlayedRedemption:
        """Return a hold or redemption by its name."""
        if name not in self.redemptions:
            raise UnknownName(f"there is no hold or redemption {name!r}")
        return self.redemptions[name]

    def _undo(
        self, known: PlayedOrder, at: Instant, after: tuple[int, ...], *, canceled: bool
    ) -> list[Decision]:
        """Take an order back, and give back what was redeemed on it."""
        decisions = super()._undo(known, at, after, canceled=canceled)
        self._void_taken_back(decisions, at)
        units = dict(zip(line_ids(known.order), known.returned, strict=True))
        for played in self.redemptions.values():
            named = self.orders.get(played.order_name or "")
            if named is not known or played.used.over or played.customer != known.customer:
                continue
            returned = returned_with_order(played.used, units)
            if canceled or returned != played.used.returned:
                whole = played.used.quantities
                self._undo_redemption(played, whole if canceled else returned, at, void=canceled)
        return decisions

    def _used_vouchers(self) -> frozenset[UUID]:
        return frozenset(
            each.voucher_id for each in self.vouchers.values() if each.used or not self._is_full(each)
        )

    def _is_full(self, voucher: PlayedVoucher) -> bool:
        version = self.versions[voucher.version - 1]
        given = version.rewards[voucher.reward].card_for(voucher.tier)
        return voucher.card is None or is_full(voucher.card, version.card_unit, given)

    def _void_taken_back(self, decisions: Iterable[Decision], at: Instant) -> None:
        effects = [effect for decision in decisions for effect in decision.effects]
        voided = {effect.voucher_id for effect in effects if isinstance(effect, VoidVoucher)}
        for name in [name for name, voucher in self.vouchers.items() if voucher.voucher_id in voided]:
            self._void(name, at)

    def _trial(self, customer: str | None) -> Self:
        """Return a rehearsal that can go another way for one customer, and shares all the rest."""
        trial = copy(self)
        trial.spent, trial.days, trial.won = dict(self.spent), dict(self.days), dict(self.won)
        trial.members = dict(self.members)
        trial.left, trial.happened = dict(self.left), list(self.happened)
        if customer is not None:
            trial.members[customer] = deepcopy(self.member(customer))
        return trial

    def _open_holds(self, customer: str) -> int:
        return sum(
            known.state == "held" and known.customer == customer for known in self.redemptions.values()
        )

    def _wanted(self, cart: CartAsked) -> list[Wanted]:
        latest = self.versions[-1]
        wanted: list[Wanted] = []
        for code in cart.codes:
            voucher = self.vouchers.get(code)
            if voucher is None:
                wanted.append(wanted_by_shared_code(code, [latest]) or unknown_code(code))
            elif voucher.card is None:
                wanted.append(self._by_voucher(code, voucher))
        for reward in cart.rewards:
            if reward not in latest.rewards:
                raise UnknownName(f"the program has no reward {reward!r}")
            wallet = cart.wallets.get(reward)
            if wallet is not None:
                self.unit_of(wallet)
            wanted.append(
                Wanted(
                    name=reward,
                    program=self.program_id,
                    reward=reward,
                    points=cart.pays.get(reward),
                    wallet=wallet,
                )
            )
        return wanted

    def _by_voucher(self, name: str, voucher: PlayedVoucher) -> Wanted:
        issued_by = self.versions[voucher.version - 1].rewards[voucher.reward]
        judged = Voucher(
            voucher_id=voucher.voucher_id,
            gives=issued_by.gives_to(voucher.tier),
            uses_left=None if voucher.uses is None else voucher.uses - voucher.used,
            expires_at=voucher.expires_at,
            holder=voucher.holder if voucher.bound else None,
            claimed=voucher.claimed,
            voided=voucher.voided,
        )
        return wanted_by_voucher(name, self.versions[-1], issued_by, judged)

    def _cards(self, cart: CartAsked) -> Iterator[Card]:
        for code in cart.codes:
            voucher = self.vouchers.get(code)
            if voucher is not None and voucher.card is not None:
                yield Card(voucher.voucher_id, self.card_balance(code), self._by_voucher(code, voucher))

    def _points(self, cart: CartAsked) -> list[PointsWanted]:
        wallets = {spec.id: spec for spec in self.versions[-1].program.wallets}
        for name in cart.points:
            if name not in wallets or wallets[name].pays is None:
                raise UnknownName(f"points of {name!r} do not pay for orders")
        return [PointsWanted(self.program_id, name, points) for name, points in cart.points.items()]

    def _write(
        self, member: Member, name: str, at: Instant, cart: CartAsked, checkout: Checkout, target: Account
    ) -> tuple[Used, list[Decision]]:
        """Take over what the program decided, and return what was used."""
        version, order = self.version_at(at), checkout.quote.order
        effects = (*checkout.effects.get(self.program_id, ()), *self._voucher_uses(cart, checkout))
        part = used_by_program(checkout, version, effects, member.owner, BUCKET, at)
        decisions: list[Decision] = []
        parts: list[UsedByProgram] = []
        if part is not None:
            event = CartRedeemed(id=named_id(0, "redemption", name), at=at)
            decision = settle_checkout(event, version, member, self.spent, order, self.switched(), effects)
            self._take_over(member, version, decision.effects, at)
            caused = self._follow_up(member, decision.follow_ups)
            decisions = [decision, *decisions_of(caused)]
            parts.append(part)
        charged = (paid for paid in checkout.cards if paid.amount)
        parts += [self._charge(paid.card_id, paid.amount, at, target) for paid in charged]
        return used_on(order, parts, target, at), decisions

    def _voucher_uses(self, cart: CartAsked, checkout: Checkout) -> list[UseVoucher]:
        asked = [
            voucher for code in cart.codes if not ((voucher := self.vouchers.get(code)) and voucher.card)
        ]
        return [
            UseVoucher(BUCKET, voucher.holder, voucher.voucher_id, 1)
            for place in used_places(checkout, len(asked))
            if (voucher := asked[place]) is not None
        ]

    def _charge(self, card_id: UUID, amount: Minor, at: Instant, target: Account) -> UsedByProgram:
        voucher = next(one for one in self.vouchers.values() if one.voucher_id == card_id)
        version = self.versions[voucher.version - 1]
        assert voucher.card is not None
        effects, lots = charge_card(voucher.card, version.card_unit, amount, at, target, BUCKET)
        fold(voucher.card, version, effects, at)
        return UsedByProgram(version.program_id, version.number, lots=lots)

    def _issue(self, name: str, effect: IssueVoucher, version: Version, holder: UUID, at: Instant) -> None:
        voucher_id = effect.code.code_hash
        self.vouchers[name] = PlayedVoucher(
            voucher_id=voucher_id,
            reward=effect.reward,
            version=version.number,
            holder=holder,
            uses=effect.uses,
            bound=effect.bound,
            expires_at=effect.expires_at,
            claimed=True,
            tier=effect.tier,
            card=_funded(voucher_id, version, version.rewards[effect.reward].card_for(effect.tier), at),
        )

    def _void(self, name: str, at: Instant) -> None:
        """Take a voucher back, and what is left on a gift card."""
        voucher = self.vouchers.get(name)
        if voucher is None:
            return
        voucher.voided = True
        version = self.versions[voucher.version - 1]
        wallet = None if voucher.card is None else voucher.card.wallets.get(version.card_unit)
        if voucher.card is not None and wallet is not None:
            effects, _ = spend(wallet, version.card_unit, wallet.balance, at, Account.ISSUED)
            self._take_over(voucher.card, version, effects, at)

    def _check_new_voucher(self, name: str | None) -> None:
        if name in self.vouchers:
            raise UnknownName(f"there already is a voucher {name!r}")

    def _undo_redemption(
        self, known: PlayedRedemption, returned: tuple[int, ...], at: Instant, *, void: bool
    ) -> None:
        """Give back what ``returned`` units share, and note how the redemption stands then."""
        holder = (BUCKET, known.member_id)
        grace = grace_of([self.versions[-1]], at)
        limits = self.member(known.customer).limits if known.customer is not None else {}
        known.used, returning = give_back(known.used, returned, at, grace, holder, limits, void=void)
        self._apply(known, returning, at)
        if known.used.over:
            known.state = "rolled_back" if known.used.captured else "released"
            known.held_until = None

    def _apply(self, known: PlayedRedemption, returning: Sequence[Returning], at: Instant) -> None:
        """Take over what came back, or was captured, owner by owner."""
        owners = {one.card.owner: one.card for one in self.vouchers.values() if one.card is not None}
        if known.customer is not None:
            member = self.member(known.customer)
            owners |= {member.customer_id: member, member.owner: member}
        for part in returning:
            owner = owners.get(part.owner) or Member(customer_id=part.owner, owner=part.owner)
            self._take_over(owner, self.versions[part.version - 1], part.effects, at)

    def take_over_card(
        self, voucher: PlayedVoucher, card: Member, effects: Sequence[Effect], at: Instant
    ) -> None:
        """Let effects happen to the money of a gift card."""
        self._take_over(card, self.versions[voucher.version - 1], effects, at)

    def _take_over(self, member: Member, version: Version, effects: Sequence[Effect], at: Instant) -> None:
        fold(member, version, effects, at)
        self.spend(effects)
        by_id = {voucher.voucher_id: voucher for voucher in self.vouchers.values()}
        for effect in effects:
            if isinstance(effect, UseVoucher):
                by_id[effect.voucher_id].used += effect.uses


def _funded(card_id: UUID, version: Version, amount: Minor, at: Instant) -> Member | None:
    """Return the account of a gift card with its money on it, or None for a voucher that is none."""
    if not amount:
        return None
    card = Member(customer_id=card_id, owner=card_id)
    fold(card, version, (card_credit(version.card_unit, amount, at),), at)
    return card


def _refuse(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise RehearsalRefused(refusal)
