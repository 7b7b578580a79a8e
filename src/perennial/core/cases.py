"""Runs test cases (``core/case.py``) on a program and says in words what is not as expected.

:func:`run_case` plays the steps in memory and returns a report; nothing is written anywhere. What a
case cannot mean (a name that does not exist, a time that cannot be read) is a :class:`CaseError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET

from perennial.core.case import (
    Case,
    CaseGift,
    CaseLot,
    CaseOrder,
    CaseSwitch,
    Expectation,
    Figure,
    Step,
    deeds_of,
)
from perennial.core.decision import Decision
from perennial.core.document import program_of
from perennial.core.effects import Entitle, IssueVoucher
from perennial.core.order import Order, OrderStatus
from perennial.core.periods import instant_of_local, local_datetime
from perennial.core.program import Program
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.rehearsal import Rehearsal, RehearsalRefused, UnknownName
from perennial.core.switches import SwitchKind, SwitchObject
from perennial.core.validation import validate
from perennial.ledger.lot import Lot
from perennial.units import Instant, Points, parse_instant


class CaseError(ValueError):
    """A case that cannot be run; the words name the step."""


class StepReport(msgspec.Struct, frozen=True):
    """What one step did. ``differences`` say what is not as expected; none means it passed."""

    number: int
    at: Instant
    decisions: tuple[Decision, ...]
    refusal: Refusal | None
    differences: tuple[str, ...]


class CaseReport(msgspec.Struct, frozen=True):
    """What a whole case did."""

    name: str
    title: str
    steps: tuple[StepReport, ...]

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.differences()

    def differences(self) -> list[str]:
        """Return every difference of every step, in words."""
        return [words for step in self.steps for words in step.differences]


def run_case(case: Case) -> CaseReport:
    """Play ``case`` and compare; raise :class:`CaseError` for what it cannot mean."""
    player = _Player(case)
    return CaseReport(
        case.name, case.title, tuple(player.play(step, n) for n, step in enumerate(case.steps, 1))
    )


class _Player:
    def __init__(self, case: Case) -> None:
        self.rehearsal = Rehearsal(case.program)
        self.document = dict(case.document)

    def play(self, step: Step, number: int) -> StepReport:
        """Play one step and compare what it did with what it expects."""
        refusal: Refusal | None = None
        decisions: list[Decision] = []
        try:
            at = self.instant(step.at)
            decisions = self.deed(step, at, number)
        except RehearsalRefused as refused:
            refusal = refused.refusal
        except UnknownName as error:
            raise CaseError(f"step {number}: {error}") from error
        found = _Comparison(self.rehearsal, at).compare(step, decisions, refusal)
        return StepReport(
            number,
            at,
            tuple(decisions),
            refusal,
            tuple(f"step {number} ({step.at}): {words}" for words in found),
        )

    def instant(self, text: str) -> Instant:
        """Read a time of the case: RFC 3339, or local time of the program's zone."""
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                return instant_of_local(moment, self.rehearsal.versions[-1].zone)
            return parse_instant(text)
        except ValueError as error:
            raise CaseError(f"{text!r} is no time: {error}") from error

    def deed(self, step: Step, at: Instant, number: int) -> list[Decision]:
        """Let happen what the step says, or let only time pass."""
        play, customer = self.rehearsal, step.customer
        deed = next(iter(deeds_of(step)), None)
        if step.order is not None:
            return play.pay(customer, step.order.id, at, _order(step.order))
        if step.given_back is not None:
            return play.give_back(step.given_back.order, at, step.given_back.lines)
        if step.cancel is not None:
            return play.cancel(step.cancel, at)
        if step.fulfill is not None:
            return play.fulfill(step.fulfill, at)
        if step.event is not None:
            return play.report(customer, at, step.event.type, step.event.attributes)
        if step.claim is not None:
            return play.claim(customer, at, step.claim)
        if step.join:
            return play.join(customer, at)
        if step.attributes is not None:
            play.describe(customer, step.attributes, at)
            return []
        if deed == "assign_tier":
            return play.assign_tier(customer, at, None if step.assign_tier is UNSET else step.assign_tier)
        if step.publish is not None:
            self.publish(step.publish, at, number)
            return []
        if step.switch is not None:
            self.switch(step.switch, at, number)
            return []
        return self.correct_or_wait(step, at)

    def correct_or_wait(self, step: Step, at: Instant) -> list[Decision]:
        """Adjust, transfer, or let time pass for everybody."""
        play = self.rehearsal
        if step.adjust is not None:
            given = step.adjust
            dates = [
                None if text is None else self.instant(text)
                for text in (given.available_at, given.expires_at)
            ]
            return play.adjust(step.customer, at, self.wallet(given.wallet), given.points, *dates)
        if step.transfer is not None:
            sent = step.transfer
            return play.transfer(step.customer, sent.to, at, self.wallet(sent.wallet), sent.points)
        decisions = {name: play.run_timers(name, at) for name in list(play.members)}
        return decisions.get(step.customer, [])

    def wallet(self, name: str | None) -> str:
        """Return the named wallet, or the first one."""
        return name if name is not None else self.rehearsal.versions[-1].program.wallets[0].id

    def publish(self, changes: Mapping[str, Any], at: Instant, number: int) -> None:
        """Publish the document with some of its parts replaced."""
        self.document = {**self.document, **changes}
        program = program_of(self.document)
        wrong = program if isinstance(program, list) else validate(program)
        if wrong or isinstance(program, list):
            raise CaseError(f"step {number}: " + "; ".join(f"{p.path}: {p.words}" for p in wrong))
        self.rehearsal.publish(program, at)

    def switch(self, given: CaseSwitch, at: Instant, number: int) -> None:
        """Switch something of the program off, or on again."""
        named = given.off or given.on
        if named is None or (given.off is not None and given.on is not None):
            raise CaseError(f"step {number}: a switch goes either off or on")
        whole = named.kind in (SwitchKind.EVERYTHING, SwitchKind.PROGRAM)
        if whole is not (named.id is None):
            raise CaseError(f"step {number}: only a part of the program has an id, and every part has one")
        program = None if named.kind is SwitchKind.EVERYTHING else self.rehearsal.versions[-1].program.program
        switched = SwitchObject(kind=named.kind, program=program, id=named.id)
        if given.off is None:
            self.rehearsal.turn_on(switched)
        else:
            self.rehearsal.turn_off(switched, at, given.reason)


def _order(given: CaseOrder) -> Order:
    return Order(
        status=OrderStatus.PAID,
        lines=given.lines,
        currency=given.currency,
        discount=given.discount,
        shipping=given.shipping,
        tax=given.tax,
        location=given.location,
        channel=given.channel,
        codes=given.codes,
        attributes=given.attributes,
    )


class _Comparison:
    """Compares the state after a step with an expectation."""

    def __init__(self, rehearsal: Rehearsal, at: Instant) -> None:
        self.rehearsal = rehearsal
        self.at = at
        self.program: Program = rehearsal.version_at(at).program

    def compare(self, step: Step, decisions: list[Decision], refusal: Refusal | None) -> list[str]:
        """Return everything that differs from what the step expects, in words."""
        expected = step.expect
        found: list[str] = []
        code = refusal.code.value if refusal is not None else None
        if code != expected.refused:
            said = f" ({refusal.words})" if refusal is not None else ""
            found.append(f"expected {_outcome(expected.refused)}, but it was {_outcome(code)}{said}")
        names = self.rehearsal.wallet_names()
        earned: dict[str, Points] = {}
        awards: dict[str, Points] = {}
        taken: dict[str, Points] = {}
        for decision in decisions:
            for award in decision.awards:
                earned[names[award.unit]] = earned.get(names[award.unit], 0) + award.points
                awards[award.rule] = awards.get(award.rule, 0) + award.points
            for unit, points in decision.taken_back.items():
                taken[names[unit]] = taken.get(names[unit], 0) + points
        found += self.figure("earned", expected.earned, earned)
        found += self.figure("taken back", expected.taken_back, taken)
        if expected.awards is not None:
            given = {rule: points for rule, points in awards.items() if points}
            if given != expected.awards:
                found.append(f"awards should be {expected.awards} but are {given}")
        if expected.value is not None:
            issued = [e for decision in decisions for e in decision.effects if isinstance(e, IssueVoucher)]
            value = sum(effect.value for effect in issued)
            if value != expected.value:
                found.append(f"the voucher should be worth {expected.value} but is worth {value}")
        if expected.gives is not None:
            found += self.gifts(decisions, expected.gives)
        found += self.catalogue(step.customer, expected)
        found += self.state(step.customer, expected)
        for other, wanted in expected.others.items():
            found += [f"{other}: {words}" for words in self.state(other, wanted)]
        return found

    def figure(self, name: str, expected: Figure | None, seen: Mapping[str, Points]) -> list[str]:
        """Compare points of the only wallet, or of each wallet that is named."""
        if expected is None:
            return []
        wanted = expected if isinstance(expected, dict) else {self.program.wallets[0].id: expected}
        return [
            f"{name} should be {points} but is {seen.get(wallet, 0)}"
            + (f" in wallet {wallet}" if len(self.program.wallets) > 1 else "")
            for wallet, points in wanted.items()
            if seen.get(wallet, 0) != points
        ]

    def gifts(self, decisions: list[Decision], expected: tuple[CaseGift, ...]) -> list[str]:
        """Compare what was handed out, vouchers first, with what is expected of each."""
        seen = [
            self.gift(effect)
            for decision in decisions
            for effect in decision.effects
            if isinstance(effect, IssueVoucher | Entitle)
        ]
        shown = [
            _plain({name: getattr(gift, name) for name in _given(wanted)})
            for gift, wanted in zip(seen, expected, strict=False)
        ]
        if len(seen) != len(expected) or shown != [_plain(wanted) for wanted in expected]:
            return [f"it should give {_plain(list(expected))} but gives {_plain(seen)}"]
        return []

    def gift(self, effect: IssueVoucher | Entitle) -> CaseGift:
        """Return what was handed out as cases write it."""
        expires_at = self.local(effect.expires_at)
        if isinstance(effect, IssueVoucher):
            return CaseGift(kind="voucher", amount=effect.value, expires_at=expires_at)
        return CaseGift(
            kind=effect.kind,
            name=effect.name,
            amount=effect.amount,
            quantity=effect.quantity,
            state=effect.state.word,
            expires_at=expires_at,
        )

    def catalogue(self, customer: str, expected: Expectation) -> list[str]:
        """Compare which rewards the customer sees, and which can be claimed."""
        if expected.offered is None and expected.claimable is None:
            return []
        rewards = self.rehearsal.catalogue(customer, self.at)
        claimable = [each.compiled.reward.id for each in rewards if not each.reasons]
        offered = [
            each.compiled.reward.id
            for each in rewards
            if all(reason.code in _COMES_WITH_THE_PRICE for reason in each.reasons)
        ]
        return [
            f"{what} should be {list(wanted)} but are {seen}"
            for what, wanted, seen in (
                ("the offered rewards", expected.offered, offered),
                ("the claimable rewards", expected.claimable, claimable),
            )
            if wanted is not None and list(wanted) != seen
        ]

    def state(self, customer: str, expected: Expectation) -> list[str]:
        """Compare the balances, the lots and the tier of one customer."""
        balances: dict[str, dict[str, Points]] = {}
        for spec in self.program.wallets:
            wallet = self.rehearsal.wallet(customer, spec.id)
            balances.setdefault("balance", {})[spec.id] = wallet.balance - wallet.debt
            balances.setdefault("available", {})[spec.id] = wallet.balance - wallet.pending - wallet.debt
            balances.setdefault("pending", {})[spec.id] = wallet.pending
            balances.setdefault("debt", {})[spec.id] = wallet.debt
            balances.setdefault("shortfall", {})[spec.id] = wallet.shortfall
        found: list[str] = []
        for name, seen in balances.items():
            found += self.figure(name, getattr(expected, name), seen)
        if expected.lots is not None:
            found += self.lots(customer, expected.lots)
        membership = self.rehearsal.membership(customer)
        tier = membership.tier if membership is not None else None
        if expected.tier is not UNSET and expected.tier != tier:
            found.append(f"the tier should be {expected.tier} but is {tier}")
        if expected.tier_until is not UNSET:
            until = membership.tier_until if membership is not None else None
            if self.local(until) != expected.tier_until:
                found.append(f"the tier should last until {expected.tier_until}, not {self.local(until)}")
        return found

    def lots(self, customer: str, expected: tuple[CaseLot, ...]) -> list[str]:
        """Compare what is left by date, in the order in which it would be spent."""
        wallet = self.rehearsal.wallet(customer, self.program.wallets[0].id)
        left = [lot for lot in (wallet.lots or {}).values() if lot.remaining]
        seen = [self.lot(lot) for lot in sorted(left, key=_by_dates)]
        if seen != list(expected):
            return [f"the lots should be {_plain(list(expected))} but are {_plain(seen)}"]
        return []

    def lot(self, lot: Lot) -> CaseLot:
        """Return a lot as cases write it."""
        return CaseLot(
            available_at=self.local(lot.key.available_at),
            expires_at=self.local(lot.key.expires_at),
            left=lot.remaining,
        )

    def local(self, instant: Instant | None) -> str | None:
        """Write an instant in the program's local time: a date alone at midnight."""
        if instant is None:
            return None
        wall = local_datetime(instant, self.rehearsal.versions[-1].zone).replace(tzinfo=None)
        text = wall.isoformat(sep=" ", timespec="minutes" if not wall.second else "auto")
        return text.removesuffix(" 00:00")


_COMES_WITH_THE_PRICE = (
    RefusalCode.INSUFFICIENT_POINTS,
    RefusalCode.OUT_OF_STOCK,
    RefusalCode.LIMIT_REACHED,
)
"""Why a reward that is offered to somebody cannot be claimed just now."""


def _given(wanted: CaseGift) -> list[str]:
    """Return the fields that an expected gift says something about."""
    return [name for name in wanted.__struct_fields__ if name in msgspec.to_builtins(wanted)]


def _by_dates(lot: Lot) -> tuple[bool, Instant, Instant]:
    return lot.key.expires_at is None, lot.key.expires_at or 0, lot.key.available_at or 0


def _plain(lots: object) -> object:
    return msgspec.to_builtins(lots)


def _outcome(code: str | None) -> str:
    return "no refusal" if code is None else f"the refusal {code}"
