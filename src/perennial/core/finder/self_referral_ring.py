"""One person with several accounts that refer each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from perennial.core.cases.cases import CaseError
from perennial.core.currency import format_money
from perennial.core.document.point_value import PointValue, point_values
from perennial.core.document.referral_terms import ConvertsOn, ReferralOffer
from perennial.core.flaws.flaw import Flaw, FlawKind
from perennial.core.flaws.play import Play
from perennial.core.flaws.search import Search, Shape
from perennial.core.referrals.referrals import ReferralState
from perennial.core.terms.alternatives import ways_of
from perennial.units import DAY, HOUR, Instant, Minor

_NAMES = ("anna", "bert", "carl", "dora")
_MARKS = ("device", "address", "payment")


class SelfReferralRing(FlawKind):
    """Somebody opens accounts that refer each other, and gets more for it than the shop earns on the orders.

    Two ways are tried: accounts with an e-mail address each, but one device, one postal address and one card,
    which the signals of the offer let through; and accounts that nothing gives away, all of whose orders come
    back. Points count as what they are worth for sure; where nothing was spent, whatever is given counts.
    """

    name: ClassVar[str] = "self_referral_ring"
    title: ClassVar[str] = "One person refers herself, and again"
    example: ClassVar[str] = """\
referrals:
  offers:
    - id: friends
      name: Give and get
      advocate: {gets: {gives: [{type: points, points: 500}]}}
      converts: {on: joining}
      checks: [{type: same_email}]
"""

    def find(self, search: Search) -> Flaw | None:
        """Let one person refer herself by every offer, with few accounts first."""
        referrals = search.program.referrals
        for index, offer in enumerate(referrals.offers if referrals is not None else ()):
            for shape in _shapes(search, offer):
                for friends in (1, len(_NAMES) - 1):
                    for returns in (False, True):
                        if returns and offer.converts.on is not ConvertsOn.ORDER:
                            continue
                        found = self._tried(search, index, offer, shape, friends, returns=returns)
                        if found is not None:
                            return found
        return None

    def _tried(
        self, search: Search, index: int, offer: ReferralOffer, shape: Shape, friends: int, *, returns: bool
    ) -> Flaw | None:
        at = search.moment(shape)
        if at is None:
            return None
        play = search.play()
        try:
            spent = self._ring(search, play, offer, shape, friends, at, returns=returns)
        except CaseError:  # the offer is not for such people
            return None
        if spent is None or not self._has_converted(play, offer, friends):
            return None
        worth, gets_something = _worth(play, point_values(search.program))
        if spent == 0 and not gets_something:
            return None
        if spent > 0 and worth * 1_000_000 <= spent * search.margin:
            return None
        for name in _NAMES[1 : friends + 1]:
            play.wait(search.at + 400 * DAY, name)
            play.expect(referral=ReferralState.CONVERTED.word)
        for name in _NAMES[: friends + 1]:
            play.wait(search.at + 400 * DAY, name)
            play.expect(balance=play.balances(name))
        currency = search.program.currency
        gets = f"gets what is worth {format_money(worth, currency)}" if worth else "gets something"
        after = "what all comes back" if returns else f"goods for {format_money(spent, currency)}"
        ordered = f", ordering {after}" if offer.converts.on is ConvertsOn.ORDER else ""
        words = f"One person with {friends + 1} accounts refers herself by {offer.name}{ordered}, and {gets}"
        return search.flaw(self.name, f"referrals.offers[{index}]", words, play)

    def _ring(
        self,
        search: Search,
        play: Play,
        offer: ReferralOffer,
        shape: Shape,
        friends: int,
        at: Instant,
        *,
        returns: bool,
    ) -> Minor | None:
        """Play the accounts one after the other; return what was spent on what stays, None if it fails."""
        spent = 0
        names = _NAMES[: friends + 1]
        search.join(play, names[0], at, _person(search, offer, shape))
        self._see(play, names[0], at, alike=not returns)
        for number, name in enumerate(names[1:], 1):
            self._see(play, name, at, alike=not returns)
            if shape.member:
                play.do(at, name, attributes=dict(shape.member))
            advocate = names[number - 1] if offer.chain else names[0]
            play.do(at, advocate, refer={"friend": name})
            for _ in range(offer.converts.number):
                cost = self._convert(search, play, offer, shape, name, at)
                if cost is None:
                    return None
                if returns:
                    play.do(at + HOUR, name, given_back={"order": play.last_order})
                else:
                    spent += cost
                at += 2 * HOUR
        return spent if self._settle(play, at) else None

    def _see(self, play: Play, name: str, at: Instant, *, alike: bool) -> None:
        marks = {mark: f"{mark}-1" if alike else f"{mark}-of-{name}" for mark in _MARKS}
        play.do(at, name, seen={"email": f"{name}@example.com", **marks})

    def _convert(
        self, search: Search, play: Play, offer: ReferralOffer, shape: Shape, name: str, at: Instant
    ) -> Minor | None:
        """Do once what the offer asks of a friend; return what that costs."""
        converts = offer.converts
        if converts.on is ConvertsOn.JOINING:
            play.do(at, name, join=True)
            return 0
        play.do(at, name, join=True)
        if converts.on is ConvertsOn.EVENT:
            play.do(at, name, event={"type": converts.event or "", "attributes": dict(shape.event)})
            return 0
        amount = max(converts.min_order, shape.least or 0, search.least_price)
        if amount > search.most_order or (shape.most is not None and amount > shape.most):
            return None
        report = play.order(at, name, shape.priced(amount))
        return None if report.refusal is not None else amount

    def _settle(self, play: Play, at: Instant) -> bool:
        """Let time pass until nothing is due any more; False if that takes too long."""
        for _ in range(len(_NAMES) + 1):
            due = [
                each.referral.due_at
                for each in play.rehearsal.referrals.values()
                if each.referral.due_at is not None
            ]
            if not due:
                return True
            at = max(at, *due)
            play.wait(at, _NAMES[0])
        return False

    def _has_converted(self, play: Play, offer: ReferralOffer, friends: int) -> bool:
        referrals = [played.referral for played in play.rehearsal.referrals.values()]
        return len(referrals) == friends and all(
            referral.state is ReferralState.CONVERTED and referral.offer == offer.id for referral in referrals
        )


def _shapes(search: Search, offer: ReferralOffer) -> Iterator[Shape]:
    """Yield the orders or events that convert, of people who may be referred."""
    person = _person(search, offer, Shape())
    for way in ways_of(offer.converts.when).of:
        shape = search.shape_of(way, () if offer.schedule is None else (offer.schedule,))
        if shape is not None:
            member = {**person.member, **shape.member}
            yield Shape(**{**{n: getattr(shape, n) for n in Shape.__struct_fields__}, "member": member})


def _person(search: Search, offer: ReferralOffer, shape: Shape) -> Shape:
    """Return somebody who may refer and be referred, as far as attributes decide that."""
    member = dict(shape.member)
    for condition in (offer.advocate.when, offer.friend.when):
        found = next((made for way in ways_of(condition).of if (made := search.shape_of(way))), None)
        member |= found.member if found is not None else {}
    return Shape(member=member)


def _worth(play: Play, values: dict[str, PointValue]) -> tuple[Minor, bool]:
    """Return what all sides got by referrals is worth for sure, and whether anybody got anything."""
    wallets = play.rehearsal.wallet_names()
    rewards = play.rehearsal.versions[-1].rewards
    worth, something = 0, False
    for played in play.rehearsal.referrals.values():
        for given in played.referral.given:
            for unit, _, points in given.points:
                value = values.get(wallets.get(unit, ""))
                worth += 0 if value is None else value.of(points)
                something = something or points > 0
            if given.has_voucher and given.reward is not None:
                worth += rewards[given.reward].reward.worth(None)
                something = True
    return worth, something
