"""Stored rows become lives: what happened to each customer, in the order in which it was reported.

What earlier versions gave is not read, except where a row says nothing else. Orders are told from their
revisions: paid, changed, fulfilled, canceled. When a change of an order happened is when it was recorded.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.codes.codes import IssuedCode
from perennial.core.customers.blocks import Block
from perennial.core.events import (
    ChallengeStarted,
    ClaimRequested,
    CustomEvent,
    OrderFulfilled,
    OrderPaid,
    PointsAdjusted,
    TierAssigned,
    TransferReceived,
    TransferSent,
)
from perennial.core.orders.order import Order, OrderStatus, Scalar
from perennial.core.simulation.past import (
    Blocked,
    CameBack,
    Canceled,
    Joined,
    Left,
    Life,
    Past,
    Person,
    Rejudged,
    Waited,
)
from perennial.flows.commands import (
    AssignTier,
    JoinProgram,
    LeaveProgram,
    PostAdjustment,
    PostClaim,
    PostEvent,
    PostReturn,
    PostTransfer,
    StartChallenge,
)
from perennial.flows.references import bare_name
from perennial.flows.stored import decode_decisions
from perennial.ledger.lot import LotKey, Origin
from perennial.store.events import EventKind
from perennial.store.orders import decode_order
from perennial.store.past import (
    PastEventRow,
    PastOrderRow,
    PersonRow,
    Slice,
    read_blocks,
    read_events,
    read_joined_by_segment,
    read_orders,
    read_people,
    read_people_of,
    read_people_of_households,
    read_received_lots,
    read_timers,
)
from perennial.store.segments import list_segments, load_segments_of
from perennial.units import EARLIEST, Instant

T = TypeVar("T")

PAGE = 200
"""So many people are read at once."""

_EARNING = (OrderStatus.PAID, OrderStatus.FULFILLED)
_AFTER_ALL = 1 << 62

Told = list[tuple[UUID, Past]]
"""What happened to one customer: the operation that reported it, and what it was."""

_Story = tuple[Told, frozenset[UUID], dict[str, Instant]]
"""What happened to one customer, the orders of which something becomes later, and the segments."""

_decode_attributes = msgspec.json.Decoder(dict[str, Scalar]).decode


class Wanted(msgspec.Struct, frozen=True):
    """Which past is wanted: that of one program, up to ``until``, of people in ``buckets``.

    ``alone`` says that the workspace has no other program. ``rewards``, ``wallets`` and ``challenges`` are
    those of all versions that take part; ``units`` gives the wallet of each unit's number.
    """

    workspace_id: int
    buckets: range
    program_id: int
    code: str
    alone: bool
    until: Instant
    rewards: tuple[str, ...]
    wallets: frozenset[str]
    challenges: frozenset[str]
    units: dict[int, str]
    asks_segments: bool = True


class LifeReader:
    """Reads lives of a workspace within one transaction; ``left_out`` counts what cannot be played."""

    def __init__(self, conn: Connection, wanted: Wanted) -> None:
        self.conn = conn
        self.wanted = wanted
        self.left_out: Counter[str] = Counter()
        self._segments: dict[int, str] | None = None
        self._blocks: dict[UUID, Told] | None = None

    async def lives(self, part: Slice, after: UUID) -> tuple[list[Life], UUID | None]:
        """Return the lives of the next page of a slice, and where to go on; None at its end.

        The first page comes with the slice's households.
        """
        ws = self.wanted.workspace_id
        rows = await read_people(self.conn, ws, part, after, PAGE)
        people = list(rows)
        if after == UUID(hex=part.after):
            people += await read_people_of_households(self.conn, ws, part, self.wanted.buckets)
        lives = await self._lives_of(people)
        return lives, rows[-1].customer_id if len(rows) == PAGE else None

    async def lives_of(self, bucket: int, owners: Sequence[UUID]) -> list[Life]:
        """Return the lives of some owners of a bucket."""
        people = await read_people_of(
            self.conn, self.wanted.workspace_id, bucket, owners, self.wanted.buckets
        )
        return await self._lives_of(people)

    async def _lives_of(self, people: Sequence[PersonRow]) -> list[Life]:
        by_bucket: dict[int, list[UUID]] = {}
        for person in people:
            by_bucket.setdefault(person.bucket, []).append(person.customer_id)
        stories: dict[UUID, _Story] = {}
        for bucket, ids in by_bucket.items():
            stories |= await self._stories(bucket, ids)
        blocks = await self._blocked() if people else {}
        lives: dict[UUID, Life] = {}
        for row in people:
            who = row.customer_id
            told, kept, segments = stories[who]
            if not told:
                continue
            told += blocks.get(who, ())
            life = lives.setdefault(row.owner, Life(row.owner, [], []))
            place = len(life.people)
            attributes = _decode_attributes(row.attributes) if row.attributes != "{}" else {}
            life.people.append(Person(who, row.external_id, attributes, segments))
            life.past += [(when, place, what) for when, what in told if what.at <= self.wanted.until]
            if kept:
                life.kept |= kept
        for life in lives.values():
            life.past.sort(key=lambda item: item[0].int)
            life.past = _without_vain_waits(life.past)
        return list(lives.values())

    async def _stories(self, bucket: int, ids: list[UUID]) -> dict[UUID, _Story]:
        """Return what happened to people of a bucket, what it kept, and in which segments they are."""
        ws, conn = self.wanted.workspace_id, self.conn
        orders: dict[UUID, list[PastOrderRow]] = defaultdict(list)
        for order in await read_orders(conn, ws, bucket, ids):
            orders[order.customer_id].append(order)
        events: dict[UUID, list[PastEventRow]] = defaultdict(list)
        for event in await read_events(conn, ws, bucket, ids):
            events[event.customer_id].append(event)
        waits = {row[0]: (row[1], row[2]) for row in await read_timers(conn, ws, bucket, ids)}
        joins = dict(await read_joined_by_segment(conn, ws, bucket, ids, self.wanted.program_id))
        received = await self._received(bucket, events)
        segments = await self._segments_of(bucket, ids)
        found: dict[UUID, _Story] = {}
        for who in ids:
            told, kept = _orders_told(orders.get(who, ()), events.get(who, ()))
            told += self._events_told(events.get(who, ()), received)
            told += [
                (operation, Waited(at=at)) for operation, at in zip(*waits.get(who, ((), ())), strict=True)
            ]
            if who in joins:
                told.append(_joined(told, joins[who]))
            found[who] = told, kept, segments.get(who, {})
        return found

    async def _blocked(self) -> dict[UUID, Told]:
        if self._blocks is None:
            self._blocks = {}
            for who, entry, earning, spending in await read_blocks(self.conn, self.wanted.workspace_id):
                blocked = (Block.EARNING if earning else 0) | (Block.SPENDING if spending else 0)
                self._blocks.setdefault(who, []).append((entry, Blocked(at=EARLIEST, blocked=blocked)))
        return self._blocks

    async def _segments_of(self, bucket: int, ids: list[UUID]) -> dict[UUID, dict[str, Instant]]:
        if self._segments is None:
            rows = await list_segments(self.conn, self.wanted.workspace_id)
            self._segments = {row.segment_id: row.code for row in rows}
        found: dict[UUID, dict[str, Instant]] = {}
        if self._segments:
            for who, segment, since in await load_segments_of(
                self.conn, self.wanted.workspace_id, bucket, ids
            ):
                if segment in self._segments:
                    found.setdefault(who, {})[self._segments[segment]] = since
        return found

    async def _received(
        self, bucket: int, events: dict[UUID, list[PastEventRow]]
    ) -> dict[UUID, list[tuple[int, LotKey, int]]]:
        """Return the lots of every transfer that was received, by its operation."""
        transfers = [
            event
            for of_customer in events.values()
            for event in of_customer
            if event.kind == EventKind.TRANSFER_RECEIVED
        ]
        found: dict[UUID, list[tuple[int, LotKey, int]]] = {}
        if transfers:
            rows = await read_received_lots(
                self.conn,
                self.wanted.workspace_id,
                bucket,
                list({event.customer_id for event in transfers}),
                [event.operation_id for event in transfers],
            )
            for _, operation, unit, amount, available_at, expires_at in rows:
                key = LotKey(Origin.RECEIVED, available_at, expires_at)
                found.setdefault(operation, []).append((unit, key, amount))
        return found

    def _events_told(
        self, rows: Iterable[PastEventRow], received: dict[UUID, list[tuple[int, LotKey, int]]]
    ) -> Told:
        told: Told = []
        for row in rows:
            past = self._event_told(row, received)
            if past is not None:
                told.append((row.operation_id, past))
        return told

    def _event_told(
        self, row: PastEventRow, received: dict[UUID, list[tuple[int, LotKey, int]]]
    ) -> Past | None:
        """Return what a stored event was, or None for what this program has no part in."""
        at, wanted = row.occurred_at, self.wanted
        match EventKind(row.kind):
            case EventKind.EVENT:
                reported = _decode(row.body, PostEvent)
                return CustomEvent(id=row.event_id, at=at, name=reported.name, attributes=reported.attributes)
            case EventKind.RETURN:
                back = _decode(row.body, PostReturn)
                lines = tuple((line.line, line.quantity) for line in back.lines)
                return CameBack(at=at, order_id=row.source_id or row.event_id, lines=lines)
            case EventKind.CLAIM:
                claim = _decode(row.body, PostClaim)
                reward = self._own(claim.reward, wanted.rewards)
                if reward is None:
                    return None
                code = IssuedCode("", row.event_id, b"")
                return ClaimRequested(
                    id=row.event_id,
                    at=at,
                    reward=reward,
                    code=code,
                    drawn=wanted.rewards,
                    points=claim.points,
                    wallet=None if claim.wallet is None else bare_name(claim.wallet),
                )
            case EventKind.ADJUSTMENT:
                return self._adjusted_told(row)
            case EventKind.TRANSFER if row.body:
                sent = _decode(row.body, PostTransfer)
                wallet = self._own(sent.wallet, wanted.wallets)
                if wallet is None:
                    return None
                return TransferSent(id=row.event_id, at=at, wallet=wallet, amount=sent.points)
            case EventKind.TRANSFER_RECEIVED:
                lots = received.get(row.operation_id, [])
                wallet = wanted.units.get(lots[0][0]) if lots else None
                if wallet is None:
                    return None
                keys = tuple((key, amount) for _, key, amount in lots)
                return TransferReceived(id=row.event_id, at=at, wallet=wallet, lots=keys)
            case EventKind.ASSIGNMENT:
                assigned = _decode(row.body, AssignTier)
                if assigned.program != wanted.code:
                    return None
                return TierAssigned(
                    id=row.event_id,
                    at=at,
                    tier=assigned.tier,
                    reason=assigned.reason,
                    actor=assigned.actor,
                )
            case EventKind.JOIN:
                return self._joined_told(row)
            case EventKind.LEAVE:
                named = _decode(row.body, LeaveProgram).program if row.body else None
                mine = wanted.alone if named is None else named == wanted.code
                return Left(at=at) if mine else None
            case EventKind.CHALLENGE:
                return self._started_told(row)
            case EventKind.ORDER_REVISION | EventKind.TIMERS | EventKind.TIER_SHARED:
                return None
            case kind:
                self.left_out[kind.name.lower()] += 1
                return None

    def _adjusted_told(self, row: PastEventRow) -> Past | None:
        adjusted = _decode(row.body, PostAdjustment)
        wallet = self._own(adjusted.wallet, self.wanted.wallets)
        if wallet is None:
            return None
        return PointsAdjusted(
            id=row.event_id,
            at=row.occurred_at,
            wallet=wallet,
            amount=adjusted.points,
            reason=adjusted.reason,
            actor=adjusted.actor,
            available_at=adjusted.available_at,
            expires_at=adjusted.expires_at,
            pending=adjusted.pending,
        )

    def _joined_told(self, row: PastEventRow) -> Past | None:
        """Return who joined this program; rows from before the body was kept say it by their decision."""
        if row.body:
            joined = _decode(row.body, JoinProgram)
            if joined.program != self.wanted.code:
                return None
            return Joined(at=row.occurred_at, source=joined.source)
        programs = [decision.program for decision in decode_decisions(row.decision or b"")]
        if self.wanted.program_id in programs or (not programs and self.wanted.alone):
            return Joined(at=row.occurred_at, source="api")
        return None

    def _started_told(self, row: PastEventRow) -> Past | None:
        if not row.body:
            self.left_out["challenge"] += 1
            return None
        started = _decode(row.body, StartChallenge)
        if started.program not in (None, self.wanted.code) or started.challenge not in self.wanted.challenges:
            return None
        return ChallengeStarted(id=row.event_id, at=row.occurred_at, challenge=started.challenge)

    def _own(self, reference: str, names: Iterable[str]) -> str | None:
        """Return the name of what a reference means in this program, or None if it means another's."""
        code, slash, name = reference.rpartition("/")
        return name if name in names and (not slash or code == self.wanted.code) else None


def _orders_told(
    orders: Iterable[PastOrderRow], events: Iterable[PastEventRow]
) -> tuple[Told, frozenset[UUID]]:
    """Return the lives of orders, and those of which something becomes later."""
    told: Told = []
    kept = {event.source_id for event in events if event.kind == EventKind.RETURN and event.source_id}
    earlier: dict[UUID, list[PastEventRow]] = {}
    for event in events:
        if event.kind == EventKind.ORDER_REVISION and event.source_id is not None:
            earlier.setdefault(event.source_id, []).append(event)
    for row in orders:
        revisions = earlier.get(row.order_id)
        if revisions is None:
            order = decode_order(row.body)
            if row.paid_at is not None and order.status in _EARNING:
                told.append((row.operation_id, OrderPaid(id=row.order_id, at=row.paid_at, order=order)))
            continue
        kept.add(row.order_id)
        told += _changes_told(row, sorted(revisions, key=lambda event: event.operation_id.int))
    return told, frozenset(kept)


def _changes_told(row: PastOrderRow, revisions: list[PastEventRow]) -> Told:
    """Return the life of an order that changed: from each revision to the next."""
    told: Told = []
    steps = [(each.operation_id, decode_order(each.body)) for each in revisions]
    steps.append((row.operation_id, decode_order(row.body)))
    moments = [row.occurred_at, *(max(each.recorded_at, row.occurred_at) for each in revisions)]
    before: Order | None = None
    paid = False
    for (operation, order), at in zip(steps, moments, strict=True):
        status = order.status
        if status is OrderStatus.CANCELED:
            if paid:
                told.append((operation, Canceled(at=at, order_id=row.order_id)))
        elif not paid and status in _EARNING:
            paid = True
            paid_at = row.paid_at if row.paid_at is not None else at
            told.append((operation, OrderPaid(id=row.order_id, at=paid_at, order=order)))
        elif paid and before is not None:
            if _content(before) != _content(order):
                paid_at = row.paid_at if row.paid_at is not None else at
                told.append((operation, Rejudged(at=paid_at, order_id=row.order_id, order=order)))
            if status is OrderStatus.FULFILLED and before.status is not status:
                event = OrderFulfilled(id=row.order_id, at=at, waits_for=row.order_id.hex)
                told.append((operation, event))
        before = order
    return told


def _content(order: Order) -> Order:
    return msgspec.structs.replace(order, status=OrderStatus.PAID)


def _joined(told: Told, at: Instant) -> tuple[UUID, Past]:
    """Put a joining that no row of its own reported before the first thing that happened after it."""
    later = [when.int for when, what in told if what.at >= at]
    return UUID(int=min(later) - 1 if later else _AFTER_ALL), Joined(at=at, source="segment")


def _without_vain_waits(past: list[tuple[UUID, int, Past]]) -> list[tuple[UUID, int, Past]]:
    """Leave out the waiting before something that happened later anyway: its own timers come first."""
    if not any(type(what) is Waited for _, _, what in past):
        return past
    kept: list[tuple[UUID, int, Past]] = []
    ahead: dict[int, Instant] = {}
    for item in reversed(past):
        _, who, what = item
        if type(what) is Waited:
            if ahead.get(who, _AFTER_ALL) >= what.at:
                continue
        else:
            ahead[who] = what.at
        kept.append(item)
    kept.reverse()
    return kept


def _decode(body: bytes, type_: type[T]) -> T:
    return msgspec.msgpack.decode(body, type=type_)
