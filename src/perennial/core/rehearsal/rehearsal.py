"""A program played in memory: members, orders and time, through the same functions as the live path.

A rehearsal holds what a database would hold, for one program, and asks ``decide`` and ``fold`` for
everything else, in the order of the live path: timers that are due, enrollment, the event, what it
caused. Test cases of marketers run on it. Nothing here knows a rule.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID, uuid5

import msgspec

from perennial.core.award import Award
from perennial.core.challenge_round import Contribution
from perennial.core.claims.availability import Availability, catalogue
from perennial.core.codes.codes import IssuedCode
from perennial.core.compiling.compile import compile_version
from perennial.core.course import CourseRefused, Decided, given_for
from perennial.core.customers.blocks import Block
from perennial.core.customers.consents import CONSENTS_KEPT
from perennial.core.decision import Decision
from perennial.core.document.program import Program, unit_codes
from perennial.core.document.surroundings import ALONE, Surroundings
from perennial.core.effects import Debit, Effect, Entitle, IssueVoucher, UseBudget, VoidVoucher
from perennial.core.events import (
    ChallengeCompleted,
    ChallengeStarted,
    ClaimRequested,
    CustomEvent,
    Event,
    OrderFulfilled,
    OrderPaid,
    OrderReturned,
    PointsAdjusted,
    TierAssigned,
    TransferReceived,
    TransferSent,
)
from perennial.core.facts import STALE_FROM
from perennial.core.given_reward import GivenReward
from perennial.core.member import Member, Membership, Wallet
from perennial.core.orders.order import Order, Scalar, line_ids
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.segments.course import SegmentCourse
from perennial.core.segments.segment import Segment
from perennial.core.switches import Switch, Switches, SwitchObject, parts_of
from perennial.core.timers import next_due
from perennial.core.version import Version
from perennial.units import EARLIEST, Instant, Points, named_id

PROGRAM_ID = 1
RehearsalRefused = CourseRefused
"""What the program (or the life of an order) refuses; nothing was changed."""


class UnknownName(ValueError):
    """A step names an order, a line or a wallet that does not exist."""


class PlayedOrder(msgspec.Struct):
    """A paid order as it stands; ``returned`` counts the units of each line that came back."""

    order_id: UUID
    customer: str
    order: Order
    paid_at: Instant
    awards: tuple[Award, ...]
    contributions: tuple[Contribution, ...]
    returned: tuple[int, ...]
    canceled: bool = False
    given: tuple[GivenReward, ...] = ()


class Rehearsal(SegmentCourse):
    """The members and orders of one program. Instants are UTC; nobody travels back in time.

    ``days`` is what was used of budgets on local days: (number, ordinal of the day) -> used by all members.
    """

    def __init__(self, program: Program, program_id: int = PROGRAM_ID) -> None:
        super().__init__()
        self.program_id = program_id
        self.days: dict[tuple[int, int], int] = {}
        self.members: dict[str, Member] = {}
        self.orders: dict[str, PlayedOrder] = {}
        self.switches: dict[SwitchObject, Switch] = {}
        self.surroundings = ALONE
        self.won: dict[tuple[UUID, str], tuple[UUID, ...]] = {}
        self._units: dict[str, int] = {}
        self.publish(program, EARLIEST)

    def publish(self, program: Program, at: Instant) -> None:
        """Make ``program`` the version that judges what happens from ``at`` on."""
        codes = unit_codes(program)
        for code in codes:
            self._units.setdefault(code, len(self._units) + 1)
        units = {code: self._units[code] for code in codes}
        number = len(self.versions) + 1
        version = compile_version(program, self.program_id, number, at, units, self.surroundings)
        self.versions.append(version)
        self.compile_anew()
        for member in self.members.values():
            member.due_at = at

    def spend(self, effects: Iterable[Effect]) -> None:
        """Note what effects use of budgets, and on which day."""
        used = [effect for effect in effects if isinstance(effect, UseBudget)]
        super().spend(used)
        for each in used:
            if each.day:
                key = (each.budget, each.day)
                self.days[key] = self.days.get(key, 0) + each.amount

    def member(self, customer: str) -> Member:
        """Return the customer, who comes into being when first named."""
        if customer not in self.members:
            customer_id = named_id(0, "customer", customer)
            self.members[customer] = Member(customer_id=customer_id, owner=customer_id)
        return self.members[customer]

    def membership(self, customer: str) -> Membership | None:
        """Return the customer's place in the program, if there is one."""
        return self.member(customer).memberships.get(self.program_id)

    def wallet(self, customer: str, wallet: str) -> Wallet:
        """Return the customer's wallet; an empty one if nothing was ever in it."""
        return self.member(customer).wallets.get(self.unit_of(wallet), Wallet(lots={}))

    def unit_of(self, wallet: str) -> int:
        """Return the number of a wallet of the program."""
        unit = self._units.get(wallet)
        if unit is None:
            raise UnknownName(f"the program has no wallet {wallet!r}")
        return unit

    def wallet_names(self) -> dict[int, str]:
        """Return the wallets' ids by their numbers."""
        return {unit: name for name, unit in self._units.items()}

    def pay(self, customer: str, name: str, at: Instant, order: Order) -> list[Decision]:
        """An order is paid."""
        if name in self.orders:
            raise UnknownName(f"there already is an order {name!r}")
        event = OrderPaid(id=named_id(0, "order", name), at=at, order=order)
        found = self._happen(customer, event, enrolls=True)
        paid = next(decision for decided, decision in found if decided is event)
        nothing = (0,) * len(order.lines)
        given = given_for(event, found)
        self.orders[name] = PlayedOrder(
            event.id,
            customer,
            order,
            at,
            (*paid.awards, *given.awards),
            paid.contributions,
            nothing,
            given=given.rewards,
        )
        return decisions_of(found)

    def fulfill(self, name: str, at: Instant) -> list[Decision]:
        """An order is fulfilled: what waits for it becomes available."""
        known = self._order(name)
        event = OrderFulfilled(id=known.order_id, at=at, waits_for=known.order_id.hex)
        return decisions_of(self._happen(known.customer, event))

    def give_back(self, name: str, at: Instant, lines: Mapping[str, int]) -> list[Decision]:
        """Units of lines come back (line id -> units); no lines means all that is left."""
        known = self._order(name)
        after = [line.quantity for line in known.order.lines] if not lines else list(known.returned)
        positions = {line_id: position for position, line_id in enumerate(line_ids(known.order))}
        for line_id, units in lines.items():
            if line_id not in positions:
                raise UnknownName(f"order {name!r} has no line {line_id!r}")
            position = positions[line_id]
            after[position] += units
            if after[position] > known.order.lines[position].quantity:
                raise UnknownName(f"order {name!r} has fewer units of line {line_id!r}")
        return self._undo(known, at, tuple(after), canceled=False)

    def cancel(self, name: str, at: Instant) -> list[Decision]:
        """An order is void."""
        known = self._order(name)
        return self._undo(known, at, tuple(line.quantity for line in known.order.lines), canceled=True)

    def report(self, customer: str, at: Instant, name: str, attributes: dict[str, Scalar]) -> list[Decision]:
        """A custom event."""
        event = CustomEvent(id=self._new_id(), at=at, name=name, attributes=attributes)
        return decisions_of(self._happen(customer, event, enrolls=True))

    def claim(
        self,
        customer: str,
        at: Instant,
        reward: str,
        name: str | None = None,
        points: Points | None = None,
        wallet: str | None = None,
    ) -> list[Decision]:
        """Points for a reward; ``name`` is how its voucher is called. Pools are never empty here.

        ``points`` of ``wallet`` pay for it; None is the whole price, and the wallet of the first.
        """
        if wallet is not None:
            self.unit_of(wallet)
        event_id = self._new_id() if name is None else named_id(0, "voucher", name)
        event = ClaimRequested(
            id=event_id,
            at=at,
            reward=reward,
            code=IssuedCode(event_id.hex[:12].upper(), event_id, b""),
            drawn=tuple(self.version_at(at).rewards),
            points=points,
            wallet=wallet,
            ahead=self.ahead(reward),
        )
        return decisions_of(self._happen(customer, event))

    def ahead(self, reward: str) -> int:
        """Return how many wait for a reward and come before whoever claims it: here, nobody."""
        return 0

    def start_challenge(self, customer: str, at: Instant, challenge: str) -> list[Decision]:
        """The customer takes part in a challenge that begins on request."""
        event = ChallengeStarted(id=self._new_id(), at=at, challenge=challenge)
        return decisions_of(self._happen(customer, event))

    def catalogue(self, customer: str, at: Instant) -> list[Availability]:
        """Return what every reward that has a price is to the customer."""
        version = self.version_at(at)
        lines = {reward: self.ahead(reward) for reward in version.rewards}
        return list(catalogue(version, self.member(customer), self.spent, at, lines=lines))

    def adjust(
        self,
        customer: str,
        at: Instant,
        wallet: str,
        points: Points,
        available_at: Instant | None = None,
        expires_at: Instant | None = None,
        *,
        pending: bool = False,
    ) -> list[Decision]:
        """A correction by staff; a negative one of ``pending`` points takes from what waits."""
        event = PointsAdjusted(
            id=self._new_id(),
            at=at,
            wallet=wallet,
            amount=points,
            reason="rehearsal",
            actor="rehearsal",
            available_at=available_at,
            expires_at=expires_at,
            pending=pending,
        )
        return decisions_of(self._happen(customer, event))

    def transfer(
        self, sender: str, receiver: str, at: Instant, wallet: str, points: Points
    ) -> list[Decision]:
        """Points move to another member with the dates that they have."""
        if self.member(sender).owner == self.member(receiver).owner:
            raise RehearsalRefused(Refusal(RefusalCode.SAME_WALLET, "Both use the same wallet."))
        if self.program_id not in self.member(receiver).memberships:
            raise RehearsalRefused(Refusal(RefusalCode.NOT_A_MEMBER, f"{receiver} is no member."))
        self.run_timers(sender, at)
        keys = {lot.lot_id: lot.key for lot in (self.wallet(sender, wallet).lots or {}).values()}
        event_id = self._new_id()
        sending = TransferSent(id=event_id, at=at, wallet=wallet, amount=points)
        sent = decisions_of(self._happen(sender, sending))
        moved = tuple(
            (keys[effect.lot_id], effect.amount)
            for decision in sent
            for effect in decision.effects
            if isinstance(effect, Debit)
        )
        receiving = TransferReceived(id=event_id, at=at, wallet=wallet, lots=moved)
        return sent + decisions_of(self._happen(receiver, receiving))

    def join(self, customer: str, at: Instant, source: str = "rehearsal") -> list[Decision]:
        """The customer joins on request."""
        return decisions_of(self._enroll(self.member(customer), at, source))

    def assign_tier(self, customer: str, at: Instant, tier: str | None) -> list[Decision]:
        """Staff sets the floor of the member's tier, or lifts it."""
        event = TierAssigned(id=self._new_id(), at=at, tier=tier, reason="rehearsal", actor="rehearsal")
        return decisions_of(self._happen(customer, event))

    def put_segments(self, segments: Iterable[Segment], at: Instant) -> None:
        """Define segments of the workspace, which must be valid: everybody is asked at once."""
        self.define_segments(segments, self.members.values(), at)

    def judge_everybody(self, at: Instant) -> dict[str, list[Decision]]:
        """Let everybody, for whom nothing is due by ``at``, enter and leave; return what that caused."""
        if self.segments is None:
            return {}
        return {
            name: decisions_of(self.follow_segments(member, at))
            for name, member in list(self.members.items())
        }

    def import_segment(
        self, code: str, customers: Collection[str], at: Instant, *, replaces: bool
    ) -> dict[str, list[Decision]]:
        """Let the customers of a list into a static segment; with ``replaces`` everybody else leaves.

        Returns what that caused for each of them.
        """
        known = self.segments_known().get(code)
        if known is None or known.live:
            raise UnknownName(f"there is no static segment {code!r}")
        everybody = dict.fromkeys(customers)
        moved = {name: self.move(self.member(name), code, at, entered=True) for name in everybody}
        for name, member in list(self.members.items()):
            if replaces and name not in customers:
                moved[name] = self.move(member, code, at, entered=False)
        return {name: decisions_of(found) for name, found in moved.items()}

    def turn_off(self, object: SwitchObject, at: Instant, reason: str) -> None:
        """Switch something off, as of what happens next."""
        parts = [parts_of(version.program).get(object.kind) for version in self.versions]
        if object.id is not None and not any(ids is not None and object.id in ids for ids in parts):
            raise UnknownName(f"the program has no {object.words}")
        self.switches[object] = Switch(object=object, reason=reason, actor="rehearsal", off_at=at)

    def turn_on(self, object: SwitchObject) -> None:
        """Switch something on again."""
        if self.switches.pop(object, None) is None:
            raise UnknownName(f"{object.words} is not off")

    def block(self, customer: str, *, earning: bool, spending: bool) -> None:
        """Do not allow the customer this from now on, and allow the rest."""
        self.member(customer).blocked = Block.EARNING * earning | Block.SPENDING * spending

    def switched(self) -> Switches:
        """Return what is off now."""
        return Switches(self.switches.values())

    def describe(self, customer: str, attributes: dict[str, Scalar], at: Instant) -> None:
        """The customer's attributes change; ``None`` removes one."""
        member = self.member(customer)
        merged = {**member.attributes, **attributes}
        member.attributes = {name: value for name, value in merged.items() if value is not None}
        if self.program_id in member.memberships:
            member.due_at = next_due([self.versions[-1]], member, at)

    def consent(self, customer: str, names: Iterable[str]) -> None:
        """What the customer has consented to is this, and no more: channels and purposes."""
        member = self.member(customer)
        member.attributes = {**member.attributes, CONSENTS_KEPT: ",".join(sorted(set(names)))}

    def push(self, customer: str, facts: Mapping[str, tuple[Scalar, int]]) -> None:
        """Facts from outside about the customer, each with the second at which it becomes stale."""
        member = self.member(customer)
        pushed: dict[str, Scalar] = {name: value for name, (value, _) in facts.items()}
        pushed |= {name + STALE_FROM: stale_from for name, (_, stale_from) in facts.items()}
        member.attributes = {**member.attributes, **pushed}

    def surround(self, locations: Mapping[str, Mapping[str, Scalar]]) -> None:
        """The workspace's locations change."""
        known = self.surroundings
        self.surroundings = Surroundings(known.declared, {**known.locations, **locations})
        for version in self.versions:
            version.locations = self.surroundings.locations

    def run_timers(self, customer: str, at: Instant) -> list[Decision]:
        """Run what is due for the customer up to ``at``."""
        return decisions_of(self.pass_time(self.member(customer), at))

    def _happen(self, customer: str, event: Event, *, enrolls: bool = False) -> list[Decided]:
        return self.happen(self.member(customer), event, enrolls=enrolls)

    def _undo(
        self, known: PlayedOrder, at: Instant, after: tuple[int, ...], *, canceled: bool
    ) -> list[Decision]:
        if known.canceled:
            raise UnknownName("the order is canceled")
        event = OrderReturned(
            id=known.order_id,
            at=at,
            order=known.order,
            paid_at=known.paid_at,
            awards=known.awards,
            contributions=known.contributions,
            before=known.returned,
            after=after,
            canceled=canceled,
            given=tuple(each for each in known.given if self._is_unused(each)),
            unused=self._unused_of(known.customer),
        )
        decisions = decisions_of(self._happen(known.customer, event))
        known.returned, known.canceled = after, canceled
        return decisions

    def _decide_by(self, version: Version, member: Member, event: Event, sent: set[str]) -> Decision:
        decision = super()._decide_by(version, member, event, sent)
        for effect in decision.effects:
            given = _code_given(event, effect)
            if given is not None and isinstance(effect, IssueVoucher | Entitle):
                key = (member.customer_id, effect.reward)
                self.won[key] = (given, *self.won.get(key, ()))
            elif isinstance(effect, VoidVoucher):
                for key, won in self.won.items():
                    self.won[key] = tuple(each for each in won if each != effect.voucher_id)
        return decision

    def _unused_of(self, customer: str) -> dict[str, tuple[UUID, ...]]:
        """Return the vouchers that challenges gave a customer and nobody used, the latest first."""
        holder, used = self.member(customer).customer_id, self._used_vouchers()
        return {
            reward: tuple(each for each in won if each not in used)
            for (owner, reward), won in self.won.items()
            if owner == holder
        }

    def _is_unused(self, given: GivenReward) -> bool:
        """Return whether nobody used what a rule gave, and it can be taken back."""
        return not given.stays and given.voucher_id not in self._used_vouchers()

    def _used_vouchers(self) -> frozenset[UUID]:
        """Return the vouchers that somebody used; here nobody uses any."""
        return frozenset()

    def _order(self, name: str) -> PlayedOrder:
        if name not in self.orders:
            raise UnknownName(f"there is no order {name!r}")
        return self.orders[name]


def _code_given(event: Event, effect: Effect) -> UUID | None:
    """Return the code that completing a challenge gave; that of a pool is told by what it was given for."""
    if not isinstance(event, ChallengeCompleted):
        return None
    if isinstance(effect, IssueVoucher):
        return effect.code.code_hash
    if isinstance(effect, Entitle) and effect.pool is not None:
        return uuid5(event.id, f"{event.challenge}/{event.round}/{event.time}")
    return None


def decisions_of(found: list[Decided]) -> list[Decision]:
    """Return the decisions without the events that they are about."""
    return [decision for _, decision in found]
