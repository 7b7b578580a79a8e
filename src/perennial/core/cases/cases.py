"""Runs test cases (``core/case.py``) on a program and says in words what is not as expected.

:func:`run_case` plays the steps in memory and returns a report; nothing is written anywhere. What a
case cannot mean (a name that does not exist, a time that cannot be read) is a :class:`CaseError`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET

from perennial.core.case import (
    Asked,
    CaseCart,
    CaseConversion,
    CaseOrder,
    CaseRedemption,
    CaseSwitch,
    Step,
    deeds_of,
)
from perennial.core.case_expectation import Expectation
from perennial.core.case_segments import read_segments
from perennial.core.cases.case_budgets import budget_differences
from perennial.core.cases.case_differences import Comparison
from perennial.core.cases.case_file import Case
from perennial.core.checkout.checkout import Checkout
from perennial.core.customers.consents import can_be_given
from perennial.core.dates.periods import instant_of_local
from perennial.core.decision import Decision
from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.orders.order import Order, OrderStatus
from perennial.core.refusals import Refusal
from perennial.core.rehearsal.cards import move_card_money
from perennial.core.rehearsal.checkout import CartAsked
from perennial.core.rehearsal.conversions import ConversionRehearsal
from perennial.core.rehearsal.rehearsal import RehearsalRefused, UnknownName
from perennial.core.switches import SwitchKind, SwitchObject
from perennial.core.validation.validation import validate
from perennial.units import EARLIEST, SECOND, Instant, Points, parse_instant


class CaseError(ValueError):
    """A case that cannot be run; the words name the step."""


class StepReport(msgspec.Struct, frozen=True):
    """What one step did. ``differences`` say what is not as expected; none means it passed.

    ``checkout`` is the cart as it was priced, where there was one.
    """

    number: int
    at: Instant
    decisions: tuple[Decision, ...]
    refusal: Refusal | None
    differences: tuple[str, ...]
    checkout: Checkout | None = None


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


Finder: TypeAlias = Callable[[Program, Instant, Iterable[str]], Collection[str]]
"""Says which of some kinds of flaw a program has, as of an instant."""


def run_case(case: Case, finder: Finder | None = None) -> CaseReport:
    """Play ``case`` and compare; raise :class:`CaseError` for what it cannot mean.

    ``finder`` is asked where the case expects flaws of the program.
    """
    players = CasePlayers(case, finder)
    return CaseReport(
        case.name, case.title, tuple(players.play(step, n) for n, step in enumerate(case.steps, 1))
    )


_OF_EVERY_PROGRAM = frozenset(
    {"order", "given_back", "cancel", "fulfill", "event", "attributes", "consents"}
    | {"facts", "household", "locations", "seen"}
)
"""What happens to a customer, and so in every program; everything else happens in one."""


class CasePlayers:
    """Plays a case in one program, or in several side by side that share the budgets across programs.

    The same event goes to each of them, in the order of their priorities; a cart is one program's.
    """

    def __init__(self, case: Case, finder: Finder | None = None) -> None:
        self.home = case.program.program
        self.players = {self.home: CasePlayer(case, finder=finder)}
        first = self.players[self.home].rehearsal
        for number, (program, document) in enumerate(case.others, first.program_id + 1):
            beside = ConversionRehearsal(program, number)
            beside.spent, beside.days = first.spent, first.days
            other = msgspec.structs.replace(case, program=program, document=document, others=())
            self.players[program.program] = CasePlayer(other, beside, finder)

    def play(self, step: Step, number: int) -> StepReport:
        """Play one step in every program that it concerns; in the others time passes."""
        if len(self.players) == 1:
            report = self.players[self.home].play(step, number)
            return self._with_budgets(step, report)
        named = step.within or self.home
        everywhere = step.within is None and _OF_EVERY_PROGRAM.issuperset(deeds_of(step))
        reports: dict[str, StepReport] = {}
        for code, player in sorted(self.players.items(), key=lambda each: each[1].priority()):
            expected = step.expect if code == named else step.expect.programs.get(code)
            mine = step if everywhere or code == named else Step(at=step.at, customer=step.customer)
            mine = msgspec.structs.replace(mine, expect=expected or Expectation(refused=UNSET))
            reports[code] = player.play(mine, number)
        first = reports[named]
        merged = msgspec.structs.replace(
            first,
            decisions=tuple(each for report in reports.values() for each in report.decisions),
            differences=tuple(
                f"{code}: {words}" for code, report in reports.items() for words in report.differences
            ),
        )
        return self._with_budgets(step, merged)

    def _with_budgets(self, step: Step, report: StepReport) -> StepReport:
        """Add what the view of all budgets should show and does not."""
        if not step.expect.budgets:
            return report
        first = self.players[self.home].rehearsal
        versions = [(code, player.rehearsal.version_at(report.at)) for code, player in self.players.items()]
        words = budget_differences(step.expect.budgets, versions, report.at, first.spent, first.days)
        found = [f"step {report.number} ({step.at}): {each}" for each in words]
        return msgspec.structs.replace(report, differences=(*report.differences, *found))


class CasePlayer:
    """Plays the steps of a case, one after the other; ``rehearsal`` is an empty one of the same program."""

    def __init__(
        self, case: Case, rehearsal: ConversionRehearsal | None = None, finder: Finder | None = None
    ) -> None:
        self.rehearsal = rehearsal or ConversionRehearsal(case.program)
        self.document = dict(case.document)
        if case.segments:
            self.rehearsal.put_segments(case.segments, EARLIEST)
        self.priced: Checkout | None = None
        self.finder = finder

    def priority(self) -> int:
        """Return when its program decides among several; the smaller comes first."""
        return self.rehearsal.versions[-1].program.priority

    def play(self, step: Step, number: int) -> StepReport:
        """Play one step and compare what it did with what it expects."""
        refusal: Refusal | None = None
        decisions: list[Decision] = []
        self.priced = None
        at = self.instant(step.at)
        try:
            self.rehearsal.end_holds(at)
            decisions = self.rehearsal.settle_referrals(at)
            decisions += self.wait(step.customer, at)
            decisions += self.rehearsal.take_turns(at).get(step.customer, [])
            decisions += self.deed(step, at, number)
            decisions += self.rehearsal.take_turns(at).get(step.customer, [])
            decisions += self.move(step.customer, at)
            decisions += self.rehearsal.settle_referrals(at)
        except RehearsalRefused as refused:
            refusal = refused.refusal
        except UnknownName as error:
            raise CaseError(f"step {number}: {error}") from error
        try:
            found = Comparison(self.rehearsal, at).compare(step, decisions, refusal, self.priced)
        except UnknownName as error:
            raise CaseError(f"step {number}: {error}") from error
        found += self.flaws(step.expect.flaws, at, number)
        return StepReport(
            number,
            at,
            tuple(decisions),
            refusal,
            tuple(f"step {number} ({step.at}): {words}" for words in found),
            self.priced,
        )

    def wait(self, customer: str, at: Instant) -> list[Decision]:
        """Run what is due for everybody, where others may be asked in which segments they are."""
        if self.rehearsal.segments is None:
            return []
        decisions = {name: self.rehearsal.run_timers(name, at) for name in list(self.rehearsal.members)}
        return decisions.get(customer, [])

    def move(self, customer: str, at: Instant) -> list[Decision]:
        """Let everybody into segments and out of them after a deed."""
        decisions = self.rehearsal.judge_everybody(at)
        return decisions.get(customer, [])

    def flaws(self, expected: Mapping[str, bool], at: Instant, number: int) -> list[str]:
        """Compare which flaws the program has now with what is expected."""
        if not expected:
            return []
        if self.finder is None:
            raise CaseError(f"step {number}: flaws are not searched for here")
        try:
            seen = self.finder(self.rehearsal.version_at(at).program, at, expected)
        except KeyError as error:
            raise CaseError(f"step {number}: there is no kind of flaw {error}") from error
        return [
            f"the flaw {kind} should {'' if is_there else 'not '}be found"
            for kind, is_there in expected.items()
            if (kind in seen) is not is_there
        ]

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
            return self.named(step, at, play.pay(customer, step.order.id, at, self.order(step.order)))
        if step.given_back is not None:
            return play.give_back(step.given_back.order, at, step.given_back.lines)
        if step.cancel is not None:
            return play.cancel(step.cancel, at)
        if step.fulfill is not None:
            return play.fulfill(step.fulfill, at)
        if step.event is not None:
            found = play.report(customer, at, step.event.type, step.event.attributes)
            return self.named(step, at, found)
        if step.start is not None:
            return play.start_challenge(customer, at, step.start)
        if step.claim is not None:
            return play.claim(customer, at, step.claim, step.name, step.pay, step.wallet)
        if step.wait is not None:
            play.wait_for(customer, at, step.wait)
            return []
        if step.leave is not None:
            play.leave_line(customer, step.leave)
            return []
        if step.join:
            return play.join(customer, at)
        if step.attributes is not None:
            play.describe(customer, step.attributes, at)
            return []
        if step.consents is not None:
            play.consent(customer, _consented(step.consents))
            return []
        if deed == "assign_tier":
            return play.assign_tier(customer, at, None if step.assign_tier is UNSET else step.assign_tier)
        if deed == "household":
            return play.live(customer, None if step.household is UNSET else step.household, at)
        if step.facts is not None:
            play.push(customer, {name: (f.value, at // SECOND + f.seconds) for name, f in step.facts.items()})
            return []
        if step.locations is not None:
            play.surround(step.locations)
            return []
        if step.segments is not None:
            self.define(step.segments, at, number)
            return []
        if step.imported is not None:
            given = step.imported
            moved = play.import_segment(given.segment, given.customers, at, replaces=given.replaces)
            return moved.get(customer, [])
        if step.publish is not None:
            self.publish(step.publish, at, number)
            return []
        if step.switch is not None:
            self.switch(step.switch, at, number)
            return []
        if step.block is not None:
            play.block(customer, earning=step.block.earning, spending=step.block.spending)
            return []
        if step.refer is not None:
            return play.refer(customer, step.refer.friend, at, step.refer.ip)
        if step.review is not None:
            play.review(step.review.friend, at, step.review.approve, step.review.reason)
            return []
        if step.seen is not None:
            play.see(customer, step.seen)
            return []
        return self.check_out(step, at)

    def named(self, step: Step, at: Instant, decisions: list[Decision]) -> list[Decision]:
        """Give the voucher of a completed challenge its name, if it has one."""
        if step.name is not None:
            self.rehearsal.name_voucher(step.customer, at, step.name, decisions)
        return decisions

    def check_out(self, step: Step, at: Instant) -> list[Decision]:
        """Quote, hold, redeem, or give back; or correct something, or let time pass."""
        play, customer = self.rehearsal, None if step.guest else step.customer
        if step.voucher is not None:
            play.hand_out(step.voucher.customer, at, step.voucher.reward, step.voucher.name)
        elif step.quote is not None:
            self.priced = play.quote(customer, at, self.cart(step.quote))
        elif step.hold is not None:
            return self.redeem(customer, at, step.hold, at + step.hold.seconds * SECOND)
        elif step.redeem is not None:
            return self.redeem(customer, at, step.redeem, None)
        elif step.change_hold is not None:
            given = step.change_hold
            self.priced, decisions = play.change_hold(
                given.id, at, self.cart(given), order=given.order, expects=given.expects
            )
            return decisions
        elif step.redeem_hold is not None:
            self.priced = play.redeem_hold(step.redeem_hold, at)
        elif step.release is not None:
            play.release(step.release, at)
        elif step.roll_back is not None:
            play.roll_back(step.roll_back.redemption, at, step.roll_back.lines)
        elif step.card_money is not None:
            move_card_money(play, step.card_money.card, step.card_money.to, step.card_money.amount, at)
        else:
            return self.correct_or_wait(step, at)
        return []

    def redeem(
        self, customer: str | None, at: Instant, given: CaseRedemption, held_until: Instant | None
    ) -> list[Decision]:
        """Redeem a cart, or hold it."""
        self.priced, decisions = self.rehearsal.redeem(
            customer,
            given.id,
            at,
            self.cart(given),
            order=given.order,
            held_until=held_until,
            expects=given.expects,
        )
        return decisions

    def cart(self, given: CaseCart) -> CartAsked:
        """Return a cart as it is asked for."""
        points = given.points
        if points is not None and not isinstance(points, dict):
            points = {self.wallet(None): points}
        return CartAsked(
            order=_order(given, OrderStatus.CREATED),
            codes=given.codes,
            rewards=given.rewards,
            wallets=given.wallets,
            points={name: _wanted(asked) for name, asked in (points or {}).items()},
        )

    def order(self, given: CaseOrder) -> Order:
        """Return a paid order: its own lines, or the cart of a redemption as it was priced."""
        if given.redemption is None:
            return _order(given, OrderStatus.PAID)
        return self.rehearsal.redemption(given.redemption).checkout.quote.order

    def correct_or_wait(self, step: Step, at: Instant) -> list[Decision]:
        """Adjust, transfer, or let time pass for everybody."""
        play = self.rehearsal
        if step.adjust is not None:
            given = step.adjust
            dates = [
                None if text is None else self.instant(text)
                for text in (given.available_at, given.expires_at)
            ]
            wallet = self.wallet(given.wallet)
            return play.adjust(step.customer, at, wallet, given.points, *dates, pending=given.pending)
        if step.transfer is not None:
            sent = step.transfer
            return play.transfer(step.customer, sent.to, at, self.wallet(sent.wallet), sent.points)
        if step.convert is not None:
            return self.convert(step, step.convert, at)
        if step.convert_back:
            return play.convert_back(at).get(step.customer, [])
        decisions = {name: play.run_timers(name, at) for name in list(play.members)}
        return decisions.get(step.customer, [])

    def convert(self, step: Step, given: CaseConversion, at: Instant) -> list[Decision]:
        """Carry everybody's balance over, or say what that would do."""
        play = self.rehearsal
        terms = play.terms(
            given.source, given.into, given.take, given.give, rounding=given.rounding, debts=given.debts
        )
        if given.preview:
            play.foresee_conversion(terms, at)
            return []
        return play.convert(terms, at).get(step.customer, [])

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

    def define(self, given: Iterable[Mapping[str, Any]], at: Instant, number: int) -> None:
        """Put segments, or change what they are."""
        read = read_segments(given, self.rehearsal.versions[-1].program, self.rehearsal.segments_known())
        if isinstance(read, list):
            raise CaseError(f"step {number}: " + "; ".join(f"{p.path}: {p.words}" for p in read))
        self.rehearsal.put_segments(read, at)

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


def _consented(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is given, or raise of what nobody can consent to."""
    for name in names:
        if not can_be_given(name):
            raise CaseError(f"{name!r} is no channel and purpose")
    return names


def _wanted(asked: Asked) -> Points | None:
    return None if asked == "all" else int(asked)


def _order(given: CaseOrder | CaseCart, status: OrderStatus) -> Order:
    return Order(
        status=status,
        lines=given.lines,
        currency=given.currency,
        discount=given.discount,
        shipping=given.shipping,
        tax=given.tax,
        location=given.location,
        channel=given.channel,
        codes=given.codes,
        attributes=given.attributes,
        redeemer=given.redeemer,
    )
