"""Laws of the ledger: the books balance after every step, and what is undone leaves nothing behind."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from perennial.core.decision import Decision
from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.events import Event
from perennial.core.member import Member, Wallet
from perennial.core.once import gift_number
from perennial.core.orders.order import Order
from perennial.core.rehearsal.rehearsal import PROGRAM_ID, Rehearsal, RehearsalRefused
from perennial.core.terms.conditions import Measure
from perennial.core.timers import next_due
from perennial.ledger.account import Account
from perennial.ledger.posting import Posting
from perennial.ledger.replay import replay
from perennial.store.netting import Change, Netting
from perennial.units import Instant
from tests.laws.reference_time import Document
from tests.laws.test_model import COMMANDS, CUSTOMERS, ORDERS, PAUSES, SECOND, START, WHO, programs

MANY = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
Commands = list[tuple[tuple[Any, ...], int]]
HISTORIES = st.lists(st.tuples(COMMANDS, st.sampled_from(PAUSES)), min_size=1, max_size=12)


class Books(Rehearsal):
    """A rehearsal that keeps every posting, as the store would write it."""

    def __init__(self, document: Document) -> None:
        program = program_of(document)
        assert isinstance(program, Program), program
        self.netting = Netting()
        self.operations = 0
        super().__init__(program)

    def _decide(self, member: Member, event: Event, *, main: bool = False) -> list[tuple[Event, Decision]]:
        found = super()._decide(member, event, main=main)
        self.operations += 1
        for decided, decision in found:
            change = Change(
                customer_id=member.customer_id,
                owner=member.owner,
                operation_id=UUID(int=self.operations),
                source_id=decided.id,
                program_id=PROGRAM_ID,
                version=1,
                at=decided.at,
                effects=decision.effects,
            )
            self.netting.add(change)
        return found

    def postings(self) -> list[Posting]:
        """Return every posting so far."""
        return [
            Posting(row[9], row[0], Account(row[3]), Account(row[4]), row[6], row[7])
            for row in self.netting.postings
        ]

    def play(self, command: tuple[Any, ...], at: Instant) -> None:
        """Do one command, if there is an order that it may speak of; a refusal changes nothing."""
        for name in list(self.members):
            self.run_timers(name, at)
        before = self.state()
        try:
            self._do(command, at)
        except RehearsalRefused:
            assert self.state() == before

    def _do(self, command: tuple[Any, ...], at: Instant) -> None:
        match command:
            case ("order", who, order):
                self.pay(who, f"o{len(self.orders)}", at, paid(order))
            case ("event", who):
                self.report(who, at, "review.posted", {})
            case ("claim", who):
                self.claim(who, at, "off")
            case ("adjust", who, points):
                self.adjust(who, at, "points", points)
            case ("transfer", sender, receiver, points) if sender != receiver:
                self.transfer(sender, receiver, at, "points", points)
            case (("return" | "cancel" | "fulfill") as deed, number, *units) if self.orders:
                self._do_with_order(deed, f"o{number % len(self.orders)}", units, at)

    def _do_with_order(self, deed: str, name: str, units: list[Any], at: Instant) -> None:
        known = self.orders[name]
        if known.canceled:
            return
        if deed == "cancel":
            self.cancel(name, at)
        elif deed == "fulfill":
            self.fulfill(name, at)
        else:
            left = [
                line.quantity - back for line, back in zip(known.order.lines, known.returned, strict=True)
            ]
            wanted = {str(n): min(a, b) for n, (a, b) in enumerate(zip(units[0], left, strict=False), 1)}
            some = {line: count for line, count in wanted.items() if count}
            if some:
                self.give_back(name, at, some)

    def state(self, *, tiers: bool = True, orders: bool = True) -> object:
        """Return everything that stands in the books, and in the counters and limits, but zeros.

        Without ``tiers`` nothing of tiers and their gifts, without ``orders`` not how many orders count.
        """
        version = self.versions[-1]
        levels = version.program.tiers.levels if version.program.tiers else ()
        gifts = {gift_number(PROGRAM_ID, level.id) for level in levels}
        of_orders = {m.number for m in version.metrics if m.measure is Measure.ORDERS_COUNT}
        found: list[object] = [nonzero(self.spent)]
        for name, member in sorted(self.members.items()):
            for unit, wallet in sorted(member.wallets.items()):
                open_lots = {n: lot.remaining for n, lot in (wallet.lots or {}).items() if lot.remaining}
                figures = (wallet.balance, wallet.pending, wallet.debt, wallet.shortfall)
                found.append((name, unit, figures, open_lots, wallet.earned, wallet.spent, wallet.expired))
            limits = {number: uses for number, uses in member.limits.items() if tiers or number not in gifts}
            counters = {n: kept for n, kept in member.counters.items() if orders or n not in of_orders}
            found.append((name, deep_nonzero(counters), deep_nonzero(limits)))
            if tiers:
                found.append((name, msgspec.structs.asdict(member.memberships[PROGRAM_ID])))
        return [entry for entry in found if not is_empty(entry)]


def paid(order: Document) -> Order:
    """Return a paid order of a document."""
    return msgspec.convert({**order, "status": "paid"}, Order)


def nonzero(values: dict[Any, int]) -> dict[Any, int]:
    """Return the values that are not zero."""
    return {key: value for key, value in values.items() if value}


def deep_nonzero(values: dict[int, dict[int, int]]) -> dict[int, dict[int, int]]:
    """Return the periods whose values are not zero."""
    return {number: kept for number, periods in values.items() if (kept := nonzero(periods))}


def is_empty(entry: object) -> bool:
    """Whether an entry of the state is a wallet in which nothing ever stood."""
    return isinstance(entry, tuple) and len(entry) == 7 and not any(entry[2]) and not any(entry[3:])


def begin(document: Document, commands: Commands) -> tuple[Books, Instant]:
    """Let every customer join, and play a history; return the books and the instant after it."""
    books, at = Books(document), START
    for name in CUSTOMERS:
        books.join(name, at)
    for command, pause in commands:
        at += pause * SECOND
        books.play(command, at)
    return books, at + SECOND


def check_wallet(books: Books, owner: UUID, unit: int, wallet: Wallet) -> None:
    """The wallet equals its lots, and both equal the replay of all postings; nothing is below zero."""
    replayed = replay(books.postings())
    assert wallet.lots is not None
    lots = wallet.lots.values()
    assert wallet.balance == sum(lot.remaining for lot in lots) == replayed.of(owner, unit, Account.WALLET)
    assert wallet.pending == sum(lot.remaining for lot in lots if wallet.counts_as_pending(lot.key))
    assert wallet.debt == -replayed.of(owner, unit, Account.DEBT)
    assert wallet.earned == -replayed.of(owner, unit, Account.ISSUED)
    assert wallet.spent == replayed.of(owner, unit, Account.REDEEMED)
    assert wallet.expired == replayed.of(owner, unit, Account.EXPIRED)
    assert 0 <= wallet.pending <= wallet.balance
    assert min(wallet.debt, wallet.shortfall) >= 0
    for lot in lots:
        assert lot.lot_id == lot.key.lot_id
        assert 0 <= lot.remaining == replayed.lots.get((owner, unit, lot.lot_id), 0) <= lot.granted
    assert replayed.of_unit(unit) == replayed.in_transit(unit) == 0


def check_netting(books: Books) -> None:
    """What the store would add up equals what folding made of the members."""
    netting = books.netting
    for member in books.members.values():
        for unit, wallet in member.wallets.items():
            if (member.owner, unit) in netting.wallets:
                added = msgspec.structs.asdict(netting.wallets[member.owner, unit])
                assert added == {name: getattr(wallet, name) for name in added}
            lots = {number: (lot.granted, lot.remaining) for number, lot in (wallet.lots or {}).items()}
            assert lots == {
                number: (lot.granted, lot.remaining)
                for (owner, of, number), lot in netting.lots.items()
                if (owner, of) == (member.owner, unit)
            }
        counted = {key[1:]: value for key, value in netting.counters.items() if key[0] == member.customer_id}
        used = {key[1:]: use[0] for key, use in netting.limits.items() if key[0] == member.customer_id}
        assert counted == flat(member.counters)
        assert used == flat(member.limits)
        moved = netting.memberships.get((member.customer_id, PROGRAM_ID))
        if moved is not None and moved.moved:
            membership = member.memberships[PROGRAM_ID]
            assert (moved.tier, moved.tier_since) == (membership.tier, membership.tier_since)
            assert (moved.tier_until, moved.tier_floor) == (membership.tier_until, membership.tier_floor)
    assert {key: used for key, (used, _) in netting.budgets.items()} == books.spent


def flat(values: dict[int, dict[int, int]]) -> dict[tuple[int, int], int]:
    """Return the values under (number, period)."""
    return {(number, period): value for number, of in values.items() for period, value in of.items()}


@MANY
@given(programs(), st.lists(st.tuples(COMMANDS, st.sampled_from(PAUSES)), min_size=1, max_size=20))
def test_the_books_balance_after_every_step(document: Document, commands: Commands) -> None:
    """Wallets equal their lots and the replay of postings, units sum to zero, timers are never too late.

    And what the store adds up from the same effects is what folding makes of the member.
    """
    books, at = begin(document, [])
    for command, pause in commands:
        at += pause * SECOND
        books.play(command, at)
        for member in books.members.values():
            for unit, wallet in member.wallets.items():
                check_wallet(books, member.owner, unit, wallet)
            exact = next_due(books.versions, member, at)
            assert exact is None or (member.due_at is not None and member.due_at <= exact)
        check_netting(books)


@MANY
@given(programs(), HISTORIES, WHO, ORDERS, st.booleans())
def test_an_order_then_its_reversal_changes_nothing(
    document: Document, history: Commands, who: str, order: Document, canceled: bool
) -> None:
    """Points, lots, counters, limits and budgets are as before, under every policy.

    A shortfall that the order made up for is a shortfall again, or was taken from other lots. An order
    of which everything was returned still counts as an order; a canceled one does not. Lines of
    quantity 0 have no units that could come back: an order of such lines alone can only be canceled.
    """
    assume(canceled or any(line.get("quantity", 1) for line in order["lines"]))
    books, at = begin(document, history)
    for name in CUSTOMERS:
        books.run_timers(name, at)
    before = books.state(tiers=False, orders=canceled)
    shortfalls = any(wallet.shortfall for wallet in books.member(who).wallets.values())
    net = [w.balance - w.debt - w.shortfall for w in books.member(who).wallets.values()]
    books.pay(who, "last", at, paid(order))
    if canceled:
        books.cancel("last", at)
    else:
        books.give_back("last", at, {})
    if shortfalls:
        after = [w.balance - w.debt - w.shortfall for w in books.member(who).wallets.values()]
        assert after[: len(net)] == net
        assert not any(after[len(net) :])
    else:
        assert books.state(tiers=False, orders=canceled) == before


@MANY
@given(programs(), HISTORIES, WHO, ORDERS, st.data())
def test_partial_returns_equal_one(
    document: Document, history: Commands, who: str, order: Document, data: st.DataObject
) -> None:
    """However an order comes back unit by unit, at the end everything stands as after one return of all."""
    whole, at = begin(document, history)
    parts, _ = begin(document, history)
    claims = data.draw(st.booleans(), label="claim in between")
    for books in (whole, parts):
        books.pay(who, "last", at, paid(order))
        if claims:
            books.play(("claim", who), at)
    units = [str(n) for n, line in enumerate(order["lines"], 1) for _ in range(line["quantity"])]
    whole.give_back("last", at + SECOND, {})
    for line in data.draw(st.permutations(units), label="units"):
        parts.give_back("last", at + SECOND, {line: 1})
    assert parts.state() == whole.state()


@MANY
@given(programs(), HISTORIES)
def test_timers_twice_are_timers_once(document: Document, history: Commands) -> None:
    """After a long time everything due was done: again nothing happens, and spent lots change nothing."""
    books, at = begin(document, history)
    end = at + 4_000 * 86_400 * SECOND
    for name in CUSTOMERS:
        books.run_timers(name, end)
    after = books.state()
    for name in CUSTOMERS:
        books.member(name).due_at = at
        books.run_timers(name, end)
    assert books.state() == after
