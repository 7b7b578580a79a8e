"""What a step of a case did beside what it expects, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import UNSET

from perennial.core.case import Step
from perennial.core.case_expectation import (
    CaseChallenge,
    CaseGift,
    CaseGivesBack,
    CaseLot,
    CaseUnmet,
    Expectation,
    Figure,
)
from perennial.core.cases.case_names import NONE, CaseNames, all_called, called, with_id
from perennial.core.challenges.view import views_of
from perennial.core.checkout.checkout import Checkout
from perennial.core.counting import are, counted
from perennial.core.currency import decimals
from perennial.core.dates.periods import local_datetime
from perennial.core.decision import Decision, sent_by
from perennial.core.document.program import Program
from perennial.core.effects import Entitle, IssueVoucher
from perennial.core.labels import refusal_called
from perennial.core.member import Wallet
from perennial.core.pricing.redeemables import Status
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.rehearsal.conversions import ConversionRehearsal
from perennial.core.rehearsal.gives_back import gives_back
from perennial.core.rehearsal.rehearsal import UnknownName
from perennial.ledger.lot import Lot
from perennial.units import Instant, Minor, Points

_PLAIN_ORDER = 250

_Dates = tuple[str | None, str | None]
"""From when the points of a lot can be spent, if known, and when they expire, if ever."""


class Comparison:
    """Compares the state after a step with an expectation."""

    def __init__(self, rehearsal: ConversionRehearsal, at: Instant) -> None:
        self.rehearsal = rehearsal
        self.at = at
        self.program: Program = rehearsal.version_at(at).program
        self.names = CaseNames(self.program)

    def compare(
        self, step: Step, decisions: list[Decision], refusal: Refusal | None, checkout: Checkout | None
    ) -> list[str]:
        """Return everything that differs from what the step expects, in words."""
        expected = step.expect
        found: list[str] = []
        code = refusal.code.value if refusal is not None else None
        if expected.refused is not UNSET and code != expected.refused:
            said = f" ({refusal.words})" if refusal is not None else ""
            found.append(f"expected {_outcome(expected.refused)}, but it was {_outcome(code)}{said}")
        found += _unmet(expected.unmet, refusal, checkout)
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
            found += self.awards(expected.awards, awards)
        if expected.messages is not None:
            sent = sorted(message for decision in decisions for message in sent_by(decision))
            if sent != sorted(expected.messages):
                should, are = (
                    all_called(self.names.messages, each) for each in (sorted(expected.messages), sent)
                )
                found.append(f"messages should be {should} but are {are}")
        if expected.value is not None:
            issued = [e for decision in decisions for e in decision.effects if isinstance(e, IssueVoucher)]
            value = sum(effect.value for effect in issued)
            if value != expected.value:
                found.append(f"the voucher should be worth {expected.value} but is worth {value}")
        if expected.gives is not None:
            found += self.gifts(decisions, expected.gives)
        if expected.offered is not None or expected.claimable is not None:
            found += self.catalogue(step.customer, expected)
        found += self.checkout(expected, checkout)
        found += self.cards(expected.cards)
        found += self.variants(step.customer, expected)
        if not step.guest:
            found += self.state(step.customer, expected)
            found += self.challenges(step.customer, expected.challenges)
            found += self.gives_back(expected.gives_back)
        for other, wanted in expected.others.items():
            found += [f"{other}: {words}" for words in self.state(other, wanted)]
            found += [f"{other}: {words}" for words in self.challenges(other, wanted.challenges)]
        return found

    def awards(self, expected: Mapping[str, Points], seen: Mapping[str, Points]) -> list[str]:
        """Compare what each rule gives; one that is not expected gives nothing."""
        return [
            f"rule {called(self.names.rules, rule)} should give {counted(expected.get(rule, 0), 'points')}"
            f" but gives {seen.get(rule, 0)}"
            for rule in dict.fromkeys((*expected, *seen))
            if expected.get(rule, 0) != seen.get(rule, 0)
        ]

    def variants(self, customer: str, expected: Expectation) -> list[str]:
        """Compare what the customer was exposed to."""
        if not expected.variants:
            return []
        exposures = self.rehearsal.member(customer).exposures
        seen = {trial: exposure.variant for (_, trial), exposure in exposures.items()}
        return [
            f"the variant of {called(self.names.trials, trial)} should be {wanted or NONE}"
            f" but is {seen.get(trial) or NONE}"
            for trial, wanted in expected.variants.items()
            if seen.get(trial) != wanted
        ]

    def figure(self, name: str, expected: Figure | None, seen: Mapping[str, Points]) -> list[str]:
        """Compare points of the only wallet, or of each wallet that is named."""
        if expected is None:
            return []
        wanted = expected if isinstance(expected, dict) else {self.program.wallets[0].id: expected}
        return [
            f"{name} should be {points} but is {seen.get(wallet, 0)}"
            + (f" in wallet {called(self.names.wallets, wallet)}" if len(self.program.wallets) > 1 else "")
            for wallet, points in wanted.items()
            if seen.get(wallet, 0) != points
        ]

    def gives_back(self, expected: Mapping[str, CaseGivesBack]) -> list[str]:
        """Compare what comes back of a plain order with what is expected of each wallet."""
        if not expected:
            return []
        amount = _PLAIN_ORDER * 10 ** decimals(self.program.currency)
        told = {each.wallet: each for each in gives_back(self.program, self.at, amount)}
        found = []
        for wallet, wanted in expected.items():
            for name in ("percent", "advice"):
                seen = getattr(told.get(wallet), name, None)
                want = getattr(wanted, name)
                if want not in (None, seen):
                    what = f"{name} of {called(self.names.wallets, wallet)}"
                    found.append(f"{what} should be {want} but is {seen}")
        return found

    def gifts(self, decisions: list[Decision], expected: tuple[CaseGift, ...]) -> list[str]:
        """Compare what was handed out, vouchers first, with what is expected of each."""
        seen = [
            self.gift(effect)
            for decision in decisions
            for effect in decision.effects
            if isinstance(effect, IssueVoucher | Entitle)
        ]
        found = []
        if len(seen) != len(expected):
            found.append(f"the number of gifts should be {len(expected)} but is {len(seen)}")
        for number, (gift, wanted) in enumerate(zip(seen, expected, strict=False), start=1):
            for field in _given(wanted):
                should, is_ = getattr(wanted, field), getattr(gift, field)
                if should != is_:
                    words = (
                        f"{_GIFT_FIELDS[field]} should be {_said(field, should)} but is {_said(field, is_)}"
                    )
                    found.append(f"gift {number}: {words}")
        return found

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
        rewards = self.rehearsal.catalogue(customer, self.at)
        claimable = [each.compiled.reward.id for each in rewards if not each.reasons]
        offered = [
            each.compiled.reward.id
            for each in rewards
            if all(reason.code in _COMES_WITH_THE_PRICE for reason in each.reasons)
        ]
        return [
            f"{what} should be {all_called(self.names.rewards, wanted)}"
            f" but are {all_called(self.names.rewards, seen)}"
            for what, wanted, seen in (
                ("the offered rewards", expected.offered, offered),
                ("the claimable rewards", expected.claimable, claimable),
            )
            if wanted is not None and list(wanted) != seen
        ]

    def checkout(self, expected: Expectation, checkout: Checkout | None) -> list[str]:
        """Compare how a cart was priced, what was used on it, and what it would earn."""
        if checkout is None:
            asked = [name for name in _OF_CHECKOUTS if getattr(expected, name) is not None]
            return [f"there is no cart, and so no {name}" for name in asked]
        quote = checkout.quote
        amounts: dict[str, tuple[Minor | None, Minor]] = {
            "the discount": (expected.discount, quote.discount_total),
            "the discount on shipping": (expected.shipping_discount, quote.shipping_discount),
            "the total": (expected.total, quote.total),
            "what is left to pay": (expected.to_pay, checkout.to_pay),
        }
        found = [
            f"{name} should be {wanted} but is {seen}"
            for name, (wanted, seen) in amounts.items()
            if wanted is not None and wanted != seen
        ]
        discounts = {line.id: line.discount for line in quote.lines if line.discount}
        wanted_off = discounts if expected.lines is None else expected.lines
        found += [
            f"the discount of line {line} should be {wanted_off.get(line, 0)} but is {discounts.get(line, 0)}"
            for line in dict.fromkeys((*wanted_off, *discounts))
            if wanted_off.get(line, 0) != discounts.get(line, 0)
        ]
        return found + self.used(expected, checkout)

    def used(self, expected: Expectation, checkout: Checkout) -> list[str]:
        """Compare what was used and what was not, what pays, and what would be earned."""
        found: list[str] = []
        redeemables = checkout.quote.redeemables
        applied = sorted(one.name for one in redeemables if one.standing.status is Status.APPLICABLE)
        if expected.applied is not None and sorted(expected.applied) != applied:
            rewards = self.names.rewards
            wanted, used = all_called(rewards, sorted(expected.applied)), all_called(rewards, applied)
            found.append(f"{wanted} should be applied, but it is {used}")
        refused = {
            one.name: one.standing.reason.value
            for one in redeemables
            if one.standing.status is not Status.APPLICABLE and one.standing.reason is not None
        }
        if expected.not_applied is not None and expected.not_applied != refused:
            found.append(f"what is not applied should be {expected.not_applied} but is {refused}")
        names = self.rehearsal.wallet_names()
        paid = {names[unit]: points.points for (_, unit), points in checkout.points.items()}
        earns: dict[str, Points] = {}
        for awards in checkout.quote.earns.values():
            for award in awards:
                earns[names[award.unit]] = earns.get(names[award.unit], 0) + award.points
        found += self.figure("points that pay", expected.points_paid, paid)
        found += self.figure("what it would earn", expected.earns, earns)
        gives = [reward for rewards in checkout.quote.gives.values() for reward in rewards]
        if expected.would_give is not None and list(expected.would_give) != gives:
            wanted, seen = (all_called(self.names.rewards, each) for each in (expected.would_give, gives))
            found.append(f"it would give {seen}, and not {wanted}")
        return found

    def challenges(self, customer: str, expected: Mapping[str, CaseChallenge]) -> list[str]:
        """Compare how far challenges are with what is expected of each."""
        if not expected:
            return []
        version, member = self.rehearsal.version_at(self.at), self.rehearsal.member(customer)
        seen = {view.compiled.challenge.id: view for view in views_of(version, member, self.at)}
        found = []
        for name, wanted in expected.items():
            view = seen.get(name)
            if view is None:
                found.append(f"there is no challenge {called(self.names.challenges, name)}")
                continue
            for what, want, is_ in (
                ("completed", wanted.completed, view.completed_count),
                ("progress", wanted.progress, view.progress),
                ("state", wanted.state, view.state),
            ):
                if want is not None and want != is_:
                    challenge = called(self.names.challenges, name)
                    found.append(f"challenge {challenge}: {what} should be {want} but is {is_}")
        return found

    def cards(self, expected: Mapping[str, Minor]) -> list[str]:
        """Compare what gift cards hold."""
        held = {name: self.rehearsal.card_balance(name) for name in expected}
        return [
            f"gift card {name} should hold {amount} but holds {held[name]}"
            for name, amount in expected.items()
            if held[name] != amount
        ]

    def state(self, customer: str, expected: Expectation) -> list[str]:
        """Compare the balances, the lots and the tier of one customer."""
        found: list[str] = []
        for name, points_of in _FIGURES.items():
            wanted = getattr(expected, name)
            if wanted is not None:
                names = [spec.id for spec in self.program.wallets]
                seen = {each: points_of(self.rehearsal.wallet(customer, each)) for each in names}
                found += self.figure(name, wanted, seen)
        if expected.lots is not None:
            found += self.lots(customer, expected.lots)
        membership = self.rehearsal.membership(customer)
        tier = membership.tier if membership is not None else None
        if expected.tier is not UNSET and expected.tier != tier:
            wanted, seen_tier = (called(self.names.tiers, each) for each in (expected.tier, tier))
            found.append(f"the tier should be {wanted} but is {seen_tier}")
        if expected.tier_until is not UNSET:
            until = membership.tier_until if membership is not None else None
            if self.local(until) != expected.tier_until:
                found.append(f"the tier should last until {expected.tier_until}, not {self.local(until)}")
        found += self.segments(customer, expected)
        for reward, place in expected.waiting.items():
            seen_at = self.rehearsal.place_in_line(customer, reward)
            if seen_at != place:
                name = called(self.names.rewards, reward)
                found.append(f"the place in line of {name} should be {place} but is {seen_at}")
        return found + self.referral(customer, expected) + self.converted(customer, expected)

    def segments(self, customer: str, expected: Expectation) -> list[str]:
        """Compare in which segments the customer is, since when, and when it left them."""
        member, found = self.rehearsal.member(customer), []
        known = self.rehearsal.segments_known()
        for name in (*expected.segments, *expected.entered, *expected.left):
            if name not in known:
                raise UnknownName(f"there is no segment {name!r}")
        names = {code: with_id(segment.name, code) for code, segment in known.items()}
        for code, wanted in expected.segments.items():
            if wanted is not (code in member.segments):
                found.append(f"{customer} should {'' if wanted else 'not '}be in segment {names[code]}")
        for what, times, seen in (
            ("entered", expected.entered, member.segments.get),
            ("left", expected.left, lambda code: self.rehearsal.left.get((member.customer_id, code))),
        ):
            for code, wanted_at in times.items():
                if (at := self.local(seen(code))) != wanted_at:
                    found.append(f"segment {names[code]} should be {what} at {wanted_at}, but was at {at}")
        return found

    def converted(self, customer: str, expected: Expectation) -> list[str]:
        """Compare what a conversion did to the customer, or would do."""
        wanted, seen = expected.converted, self.rehearsal.converted.get(customer, (0, 0))
        if wanted is None or (wanted.points, wanted.become) == seen:
            return []
        words = f"{wanted.points} should become {wanted.become}"
        return [f"{words} but {seen[0]} become {seen[1]}"]

    def referral(self, customer: str, expected: Expectation) -> list[str]:
        """Compare how the customer was referred, and how many friends have converted."""
        known = self.rehearsal.referrals.get(customer)
        found = []
        for what, wanted, seen in (
            ("referral", expected.referral, None if known is None else known.referral.state.word),
            ("reason of the referral", expected.referral_reason, known and known.referral.reason),
            ("number of friends", expected.referrals, self.rehearsal.referral_count(customer)),
        ):
            if wanted is not None and wanted != seen:
                found.append(f"the {what} should be {wanted} but is {seen}")
        return found

    def lots(self, customer: str, expected: tuple[CaseLot, ...]) -> list[str]:
        """Compare what is left by date, in the order in which it would be spent."""
        wallet = self.rehearsal.wallet(customer, self.program.wallets[0].id)
        left = [lot for lot in (wallet.lots or {}).values() if lot.remaining]
        seen = [self.lot(lot) for lot in sorted(left, key=_by_dates)]
        if seen == list(expected):
            return []
        wanted_left, seen_left = _left_by_dates(expected), _left_by_dates(seen)
        found = [
            _lot_words(dates, wanted_left.get(dates, 0), seen_left.get(dates, 0))
            for dates in dict.fromkeys((*wanted_left, *seen_left))
            if wanted_left.get(dates, 0) != seen_left.get(dates, 0)
        ]
        return found or ["the lots hold what they should, but in another order or in other parts"]

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


_FIGURES: dict[str, Callable[[Wallet], Points]] = {
    "balance": lambda wallet: wallet.balance - wallet.debt,
    "available": lambda wallet: wallet.balance - wallet.pending - wallet.debt,
    "pending": lambda wallet: wallet.pending,
    "debt": lambda wallet: wallet.debt,
    "shortfall": lambda wallet: wallet.shortfall,
    "held": lambda wallet: wallet.held,
}
"""What is expected of each wallet of a customer, by the name of its field."""

_GIFT_FIELDS = {
    "kind": "kind",
    "name": "name",
    "amount": "amount",
    "quantity": "quantity",
    "state": "state",
    "expires_at": "expiry",
}
"""What the fields of a gift are called."""

_COMES_WITH_THE_PRICE = (
    RefusalCode.INSUFFICIENT_POINTS,
    RefusalCode.OUT_OF_STOCK,
    RefusalCode.LIMIT_REACHED,
)
"""Why a reward that is offered to somebody cannot be claimed just now."""


def _unmet(wanted: CaseUnmet | None, refusal: Refusal | None, checkout: Checkout | None) -> list[str]:
    """Compare the condition that kept a reward back, and what was seen of it."""
    if wanted is None:
        return []
    told = [] if refusal is None else [refusal.details]
    told += [] if checkout is None else [one.standing.details for one in checkout.quote.redeemables]
    details = next((each for each in told if "condition" in each), {})
    return [
        f"the {name} of what was not met should be {asked} but is {details.get(name)}"
        for name, asked in (("condition", wanted.condition), ("value", wanted.value))
        if asked is not None and asked != details.get(name)
    ]


def _given(wanted: CaseGift) -> list[str]:
    """Return the fields that an expected gift says something about."""
    return [name for name in wanted.__struct_fields__ if name in msgspec.to_builtins(wanted)]


def _by_dates(lot: Lot) -> tuple[bool, Instant, Instant]:
    return lot.key.expires_at is None, lot.key.expires_at or 0, lot.key.available_at or 0


def _left_by_dates(lots: Sequence[CaseLot]) -> dict[_Dates, Points]:
    """Return how many points are left by their dates."""
    left: dict[_Dates, Points] = {}
    for lot in lots:
        dates = lot.available_at, lot.expires_at
        left[dates] = left.get(dates, 0) + lot.left
    return left


def _lot_words(dates: _Dates, wanted: Points, seen: Points) -> str:
    """Say how many points with these dates should be left, and how many are."""
    begin, end = dates
    if begin is None and end is None:
        return f"{counted(wanted, 'points')} that wait for their order should be left but {are(seen)}"
    if begin is None:
        return (
            f"{counted(wanted, 'points')} that wait for their order until {end}"
            f" should be left but {are(seen)}"
        )
    if end is None:
        return f"{counted(wanted, 'points')} from {begin} should be left but {are(seen)}"
    return f"{counted(wanted, 'points')} from {begin} until {end} should be left but {are(seen)}"


def _said(field: str, value: str | int | None) -> str:
    """Say a field of a gift; kinds and states are codes, and read better as words."""
    return _or_none(value).replace("_", " ") if field in ("kind", "state") else _or_none(value)


def _or_none(value: str | int | None) -> str:
    return NONE if value is None else str(value)


def _outcome(code: str | None) -> str:
    return "no refusal" if code is None else f"the refusal {refusal_called(code)}"


_OF_CHECKOUTS = (
    "discount",
    "shipping_discount",
    "total",
    "to_pay",
    "lines",
    "applied",
    "not_applied",
    "points_paid",
    "earns",
    "would_give",
)
