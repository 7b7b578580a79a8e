"""Makes a test case of an order that was judged: the member before it, the order, and what came of it.

What the decision read is stored with it, so that the state in which the case has to begin is known exactly.
It is carried as far as steps of cases can: joining, attributes, facts, the location, earlier orders,
segments, tier, balance, switches and blocks. What the decision would read then is compared with what it
read: the rest (``core/cases/case_state.py``) is told by name and value.

A version never forgets, so nothing goes into a case that no condition can read: no ids of orders or
customers, no attributes that are not declared, no codes but shared ones, nobody who brought an order where
nothing asks who did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from perennial.core.case import Step
from perennial.core.cases.case_file import Case
from perennial.core.cases.case_state import State, Uncarried, differences, uncarried
from perennial.core.cases.cases import CasePlayer
from perennial.core.cases.program_cases import CaseOutcome, Stage, play_case
from perennial.core.codes.entry import shared_form
from perennial.core.customers.blocks import Block, blocked_by
from perennial.core.customers.consents import CONSENTS_KEPT, consents_in
from perennial.core.dates.periods import instant_of_local, local_datetime
from perennial.core.document.document import plain_of
from perennial.core.document.program import AttributeSpec, EnrollmentMode
from perennial.core.document.program_case import ProgramCase, in_reading_order
from perennial.core.events import OrderPaid
from perennial.core.facts import STALE_FROM
from perennial.core.orders.order import Line, Order, Redeemer, Scalar
from perennial.core.segments.segment import Segment
from perennial.core.snapshot import Snapshot
from perennial.core.switches import parts_of, recorded
from perennial.core.version import Version
from perennial.units import SECOND, Instant, Points, format_instant, named_id

MAX_EARLIER = 20
"""So many of the latest earlier orders become steps of a case."""

_MEMBER = "member"
_ORDER = "order"
_REASON = "as it was"


class EarlierOrder(msgspec.Struct, frozen=True):
    """An order that the customer had paid before."""

    order: Order
    at: Instant


class JudgedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as one program judged it at ``at``; ``facts`` is what the decision read.

    ``enrolled`` says that the order itself made the customer a member. ``earned`` is everything that it gave,
    by wallet, what it caused included; ``awards`` the same by rule. ``tier`` is that afterwards. ``messages``
    are those that it sent. ``earlier`` are the latest of the orders before it, the oldest first, and
    ``earlier_count`` says how many there were.
    """

    order: Order
    at: Instant
    facts: Snapshot
    enrolled: bool
    earned: dict[str, Points]
    awards: dict[str, Points]
    tier: str | None
    messages: tuple[str, ...] = ()
    earlier: tuple[EarlierOrder, ...] = ()
    earlier_count: int = 0


class MadeCase(msgspec.Struct, frozen=True, kw_only=True):
    """A test case made of an order, and how true it is to it.

    ``outcome`` is how it went under the version that had judged the order. ``uncarried`` is the state that
    the case does not begin with. ``attributes`` names the attributes of the member that it holds, and that
    versions keep when the member is long erased.
    """

    case: ProgramCase
    outcome: CaseOutcome
    uncarried: tuple[Uncarried, ...]
    attributes: tuple[str, ...]


def case_of_order(judged: JudgedOrder, version: Version, stage: Stage, *, id: str, title: str) -> MadeCase:
    """Return the case of an order.

    ``version`` is the one that judged it, and ``stage`` that of its program; ``id`` and ``title`` are the
    case's.
    """
    making = _Making(judged, version, stage)
    making.begin()
    making.live()
    making.settle()
    left = making.uncarried()
    making.buy()
    segments = tuple(plain_of(each) for each in making.segments)
    case = ProgramCase(id=id, title=title, steps=tuple(making.steps), segments=segments)
    held = tuple(name for name, value in making.attributes.items() if value is not None)
    return MadeCase(case=case, outcome=play_case(case, stage), uncarried=left, attributes=held)


class _Making:
    """A case under way: its steps so far, played as they are written down."""

    def __init__(self, judged: JudgedOrder, version: Version, stage: Stage) -> None:
        self.judged = judged
        self.version = version
        self.facts = judged.facts
        self.steps: list[dict[str, Any]] = []
        # A list stands in for a segment that follows from a condition: what follows it from is not carried.
        self.segments = tuple(Segment(segment=code, name=code) for code in version.segments)
        known = {**stage.segments, **{each.segment: each for each in self.segments}}
        self.player = CasePlayer(Case("", "", stage.program, stage.document, (), tuple(known.values())))
        kept = dict(zip(version.attributes, judged.facts.attributes, strict=True))
        self.document = str(stage.document)
        self.outside = {name.removesuffix(STALE_FROM) for name in kept if name.endswith(STALE_FROM)}
        self.kept = kept
        self.attributes = {
            name: value
            for name, value in kept.items()
            if not name.endswith(STALE_FROM) and kept.get(name + STALE_FROM) is None
            if name != CONSENTS_KEPT
        }
        self.earlier = self._earlier()
        joined = judged.facts.joined_at
        self.joined = None if judged.enrolled or joined is None else min(joined, judged.at)

    def begin(self) -> None:
        """Say what is known from the beginning: attributes of the member, and of the order's location."""
        moments = [self.judged.at, *(each.at for each in self.earlier)]
        at = min(moments if self.joined is None else [*moments, self.joined])
        if given := {name: value for name, value in self.attributes.items() if value is not None}:
            self.add(at, attributes=given)
        if consents := consents_in(self.kept.get(CONSENTS_KEPT)):
            self.add(at, consents=list(consents))
        known = zip(self.version.location_attributes, self.facts.location, strict=False)
        place = {name: value for name, value in known if value is not None}
        if self.judged.order.location is not None and place:
            self.add(at, locations={self.judged.order.location: place})

    def live(self) -> None:
        """Let the member join and buy as it was, in the order of time."""
        joining = self.joined
        if self._enrolls() and any(each.at == joining for each in self.earlier):
            joining = None  # that order made the customer a member
        for number, each in enumerate(self.earlier, 1):
            if joining is not None and joining <= each.at:
                self.add(joining, join=True)
                joining = None
            self.add(each.at, order=self._plain(each.order, f"earlier-{number}"))
        if joining is not None:
            self.add(joining, join=True)

    def settle(self) -> None:
        """Bring about what did not come of it by itself: facts, segments, tier, balance, and what was off."""
        at, rehearsal = self.judged.at, self.player.rehearsal
        fresh = {name: self.kept.get(name + STALE_FROM) for name in sorted(self.outside)}
        pushed = {
            name: {"value": self.kept[name], "seconds": until - at // SECOND}
            for name, until in fresh.items()
            if isinstance(until, int) and until > at // SECOND
        }
        if pushed:
            self.add(at, facts=pushed)
        for code in self.facts.segments:
            self.add(at, **{"import": {"segment": code, "customers": [_MEMBER]}})
        if any(decision.awards for decision in rehearsal.run_timers(_MEMBER, at)):
            self._write({"at": self._time(at)})  # what was due gave something, and the order did not
        if rehearsal.membership(_MEMBER) is not None:
            self._settle_membership()
        self._turn_off()

    def _settle_membership(self) -> None:
        at, rehearsal, several = self.judged.at, self.player.rehearsal, len(self.version.wallets) > 1
        membership = rehearsal.membership(_MEMBER)
        assert membership is not None, "it was asked before"
        if self.facts.tier is not None and membership.tier != self.facts.tier:
            self.add(at, assign_tier=self.facts.tier)
        for wallet, figures in zip(self.version.wallets, self.facts.wallets, strict=True):
            name = wallet.spec.id
            missing = figures.balance - rehearsal.wallet(_MEMBER, name).balance
            if missing:
                self.add(at, adjust={"points": missing, **({"wallet": name} if several else {})})

    def _turn_off(self) -> None:
        at, program = self.judged.at, self.version.program
        parts = parts_of(program)
        for switch in recorded(program.program, self.facts.off):
            kind, name = switch.object.kind, switch.object.id
            if name is None:
                self.add(at, switch={"off": {"kind": kind.value}, "reason": _REASON})
            elif name in parts.get(kind, ()):
                self.add(at, switch={"off": {"kind": kind.value, "id": name}, "reason": _REASON})
        if blocked := blocked_by(self.facts.off):
            earning, spending = bool(blocked & Block.EARNING), bool(blocked & Block.SPENDING)
            self.add(at, block={"earning": earning, "spending": spending})

    def uncarried(self) -> tuple[Uncarried, ...]:
        """Let the order be paid, and return what its decision reads otherwise than it was; last of all."""
        judged, order = self.judged, self._told(self.judged.order)
        found = []
        if len(self.earlier) < judged.earlier_count and self._looks_back():
            carried = len(self.earlier)
            found.append(uncarried(State.EARLIER_ORDERS, was=judged.earlier_count, in_case=carried))
        if len(order.codes) < len(judged.order.codes):
            found.append(uncarried(State.CODES, was=len(judged.order.codes), in_case=len(order.codes)))
        rehearsal = self.player.rehearsal
        paid = OrderPaid(id=named_id(0, "order", _ORDER), at=judged.at, order=order)
        for event, decision in rehearsal.happen(rehearsal.member(_MEMBER), paid, enrolls=True):
            if event is paid and decision.facts is not None:
                found += differences(self.version, self.facts, decision.facts)
        return tuple(found)

    def buy(self) -> None:
        """Write down the order, and what came of it."""
        judged, wallets = self.judged, self.version.wallets
        expect: dict[str, Any] = {
            "earned": {wallet.spec.id: judged.earned.get(wallet.spec.id, 0) for wallet in wallets}
            if len(wallets) > 1
            else judged.earned.get(wallets[0].spec.id, 0),
            "awards": {rule: points for rule, points in sorted(judged.awards.items()) if points},
        }
        if self.version.messages:
            expect["messages"] = sorted(judged.messages)
        if self.version.program.tiers is not None:
            expect["tier"] = judged.tier
        order = self._plain(judged.order, _ORDER)
        self._write({"at": self._time(judged.at), "order": order, "expect": expect})

    def add(self, at: Instant, **deed: Any) -> None:
        """Play a step and write it down, unless it is refused."""
        plain = {"at": self._time(at), **deed}
        if self.player.play(msgspec.convert(plain, Step), len(self.steps) + 1).refusal is None:
            self._write(plain)

    def _write(self, plain: dict[str, Any]) -> None:
        self.steps.append(in_reading_order(plain))

    def _earlier(self) -> tuple[EarlierOrder, ...]:
        """Return the earlier orders that the case has: none where no decision reads the past."""
        if not self._looks_back():
            return ()
        known = self.judged.earlier
        joined = self.facts.joined_at
        if joined is not None and self._enrolls():
            # In a case every order makes a customer a member, also one from before the program.
            known = tuple(each for each in known if each.at >= joined)
        return known[-MAX_EARLIER:]

    def _enrolls(self) -> bool:
        return self.version.program.enrollment.mode is EnrollmentMode.AUTOMATIC

    def _looks_back(self) -> bool:
        version = self.version
        return bool(version.needs or version.limits or version.challenges)

    def _told(self, order: Order) -> Order:
        """Return what a version may keep of an order: what conditions can read."""
        declared = self.version.program.declarations
        return msgspec.structs.replace(
            order,
            lines=tuple(_bare_line(line, declared.line) for line in order.lines),
            codes=tuple(code for code in order.codes if shared_form(code) in self.version.shared_codes),
            attributes=_declared(order.attributes, declared.order),
            redeemer=self._asked_of(order.redeemer),
        )

    def _asked_of(self, redeemer: Redeemer | None) -> Redeemer | None:
        known = {} if redeemer is None else msgspec.structs.asdict(redeemer)
        asked = {name: known[name] for name in known if f"redeemer.{name}" in self.document}
        return Redeemer(**asked) if any(asked.values()) else None

    def _plain(self, order: Order, name: str) -> dict[str, Any]:
        plain = plain_of(self._told(order))
        plain.pop("status", None)
        return {"id": name, **plain}

    def _time(self, at: Instant) -> str:
        """Return an instant as a case writes it: local time, or UTC where that comes twice."""
        wall = local_datetime(at, self.version.zone)
        if instant_of_local(wall, self.version.zone) != at:
            return format_instant(at)
        return wall.isoformat(sep=" ", timespec="auto" if wall.second or wall.microsecond else "minutes")


def _bare_line(line: Line, declared: Mapping[str, AttributeSpec]) -> Line:
    return msgspec.structs.replace(line, attributes=_declared(line.attributes, declared))


def _declared(given: Mapping[str, Scalar], declared: Mapping[str, AttributeSpec]) -> dict[str, Scalar]:
    return {name: value for name, value in given.items() if name in declared}
