"""Referrals of a few people who refer each other, order and return at random, beside what must never be."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.referrals.referrals import CHAIN, CIRCLE, ReferralState
from perennial.core.rehearsal.referrals import ReferralRehearsal
from perennial.core.validation.validation import validate
from perennial.units import DAY
from tests.core.ledger_stage import at

PEOPLE = ("anna", "ben", "cora", "dan", "eve")
ADVOCATE, FRIEND = 100, 30
WAITS = 3

Happening = tuple[str, int, int, int]
"""What happens, the days since the one before, and whom it concerns: by their places."""

HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(["refer", "refer", "order", "order", "return", "cancel", "time"]),
        st.integers(0, 4),
        st.integers(0, len(PEOPLE) - 1),
        st.integers(0, len(PEOPLE) - 1),
    ),
    max_size=30,
)


def on_stage(**terms: Any) -> ReferralRehearsal:
    """A program of which every point comes from referrals; all five people are members."""
    offer = {
        "id": "friends",
        "name": "Friends",
        "advocate": {"gets": {"gives": [{"type": "points", "points": ADVOCATE}]}},
        "friend": {"gets": {"gives": [{"type": "points", "points": FRIEND}]}},
        "converts": {"on": "order", "min_order": 1000},
        "checks": [],
        **terms,
    }
    program = program_of(
        {
            "program": "friends",
            "name": "Friends",
            "time_zone": "Europe/Berlin",
            "wallets": [{"id": "points", "name": "Points", "refunds": "unlimited"}],
            "referrals": {"offers": [offer]},
        }
    )
    assert isinstance(program, Program)
    assert validate(program) == []
    play = ReferralRehearsal(program)
    for name in PEOPLE:
        play.join(name, at("2026-03-01"))
    return play


class Story:
    """A history as it is played; what cannot be is left out."""

    def __init__(self, play: ReferralRehearsal) -> None:
        self.play = play
        self.now = at("2026-03-02 10:00")
        self.referred: list[tuple[str, str]] = []
        self.whole: list[str] = []

    def settle(self) -> None:
        """Do what is due by now."""
        self.play.settle_referrals(self.now)

    def happens(self, happening: Happening) -> None:
        """Play one thing."""
        what, days, one, other = happening
        self.now += days * DAY + 1
        self.settle()
        name, friend = PEOPLE[one], PEOPLE[other]
        if what == "refer" and name != friend:
            self.refer(name, friend)
        elif what == "order":
            self.order(name, 1000 if other % 2 else 5000)
        elif what in ("return", "cancel") and self.whole:
            order = self.whole.pop(one % len(self.whole))
            if what == "return":
                self.play.give_back(order, self.now, {})
            else:
                self.play.cancel(order, self.now)
        self.settle()

    def refer(self, advocate: str, friend: str) -> None:
        """One refers another, unless somebody did before."""
        before = len(self.play.referrals)
        self.play.refer(advocate, friend, self.now)
        if len(self.play.referrals) > before:
            self.referred.append((advocate, friend))

    def order(self, customer: str, amount: int) -> None:
        """Somebody pays an order."""
        name = f"o{len(self.play.orders)}"
        order = Order(status=OrderStatus.PAID, lines=(Line(sku="a", amount=amount),))
        self.play.pay(customer, name, self.now, order)
        self.whole.append(name)

    def states(self) -> dict[str, ReferralState]:
        """The state of every referral, by the friend."""
        return {name: played.referral.state for name, played in self.play.referrals.items()}

    def balance(self, name: str) -> int:
        """What somebody has."""
        return self.play.wallet(name, "points").balance


def owed(story: Story, name: str) -> int:
    """What somebody must have: for every friend who counts now, and for being one."""
    states = story.states()
    friends = [friend for advocate, friend in story.referred if advocate == name]
    counted = sum(states[friend] is ReferralState.CONVERTED for friend in friends)
    return ADVOCATE * counted + FRIEND * (states.get(name) is ReferralState.CONVERTED)


@given(HISTORIES, st.sampled_from([{}, {"waits": {"days": WAITS}}]))
@settings(max_examples=80, deadline=None)
def test_everybody_has_what_the_referrals_that_count_pay_once(
    history: list[Happening], terms: dict[str, Any]
) -> None:
    """At every moment, whatever was ordered, returned, canceled or referred again."""
    story = Story(on_stage(**terms))
    for happening in history:
        story.happens(happening)
        for name in PEOPLE:
            assert story.balance(name) == owed(story, name)
            assert story.play.referral_count(name) * ADVOCATE == owed(story, name) // ADVOCATE * ADVOCATE


@given(HISTORIES, st.sampled_from([{}, {"chain": False}]))
@settings(max_examples=80, deadline=None)
def test_a_ring_never_pays(history: list[Happening], terms: dict[str, Any]) -> None:
    """Whoever stands above an advocate is never their friend; without chains nobody stands above one."""
    story = Story(on_stage(**terms))
    for happening in history:
        story.happens(happening)
    above: dict[str, str] = {}
    for advocate, friend in story.referred:
        line = [advocate]
        while line[-1] in above and above[line[-1]] not in line:
            line.append(above[line[-1]])
        referral = story.play.referrals[friend].referral
        if friend in line:
            assert (referral.state, referral.reason) == (ReferralState.REJECTED, CIRCLE)
        elif len(line) > 1 and terms:
            assert (referral.state, referral.reason) == (ReferralState.REJECTED, CHAIN)
        else:
            assert referral.reason not in (CIRCLE, CHAIN)
        above[friend] = advocate


@given(HISTORIES, st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_one_more_friend_and_the_reversal_leave_every_lot_as_it_was(
    history: list[Happening], days: int
) -> None:
    """To the lot, the dates and the count: a friend converts, the order comes back, and nothing was."""
    story = Story(on_stage())
    for happening in history:
        story.happens(happening)
    before = picture(story)
    story.play.join("zoe", story.now)
    story.play.refer("anna", "zoe", story.now)
    story.order("zoe", 5000)
    story.settle()
    assert story.balance("anna") == before["anna"][0] + ADVOCATE
    story.now += days * DAY
    story.play.give_back(story.whole[-1], story.now, {})
    story.settle()
    assert story.play.referrals["zoe"].referral.state is ReferralState.REVERSED
    assert picture(story) == before
    assert story.balance("zoe") == 0


def picture(story: Story) -> dict[str, tuple[Any, ...]]:
    """Everything that anybody has: balance, debt, open lots, and how many friends count."""
    found = {}
    for name in PEOPLE:
        wallet = story.play.wallet(name, "points")
        left = [(lot.key, lot.remaining) for lot in (wallet.lots or {}).values() if lot.remaining]
        lots = sorted(left, key=repr)
        count = story.play.referral_count(name)
        found[name] = (wallet.balance, wallet.pending, wallet.debt, wallet.shortfall, lots, count)
    return found
