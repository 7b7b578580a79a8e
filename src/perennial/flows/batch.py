"""One batch while it is being decided: what was loaded, and what is to be written.

A batch belongs to one bucket of one workspace and to one transaction. Commands are decided one after
the other, each on the state that the one before left in memory; at the end everything is written at
once, each row in the bucket of whom it is: a household of its customers, and who else lives there, may lie
in another one. No I/O happens here.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec

from perennial.core.customers.consents import Consent, Subject
from perennial.core.effects import Effect, MoveTier, UseLimit
from perennial.core.fold import fold, fold_spent
from perennial.core.member import Household, Member
from perennial.core.segments.segmenting import Changed
from perennial.core.tiers.households import moves_of_others, moves_to_one
from perennial.core.version import Pooling, Version
from perennial.flows.asked import FoundVoucher
from perennial.flows.commands import Giver
from perennial.flows.configuration import Workspace
from perennial.flows.handed_out import FreeCode, LoadedEntitlement
from perennial.flows.ids import Ids
from perennial.flows.problems import ProblemError, customer_erased, customer_merged, problem
from perennial.flows.stored import StoredDecision
from perennial.store.codes.codebook import Codebook
from perennial.store.codes.entitlements import EntitlementRow
from perennial.store.codes.redemptions import RedemptionRow, RedemptionState
from perennial.store.codes.vouchers import VoucherRow
from perennial.store.codes.waits import Line, WaitRow
from perennial.store.conversions import ConversionRow, OwnerRow
from perennial.store.customers.consents import ConsentRow
from perennial.store.customers.customers import CustomerRow
from perennial.store.customers.identifiers import IdentifierRow
from perennial.store.customers.referrals import ReferralRow
from perennial.store.database import Id
from perennial.store.effects import Change
from perennial.store.events import EventKind, EventRow
from perennial.store.external_ids import IdKind
from perennial.store.members import Periods
from perennial.store.orders import OrderRow
from perennial.store.segments import SegmentMove
from perennial.store.staff.audit_entries import AuditEntry
from perennial.units import Instant, bucket_of, named_bytes


class Operation(msgspec.Struct):
    """One thing that happens: every posting and every stored row of it carries ``operation_id``.

    ``source_id`` is the id of the order or event that it belongs to, ``kept`` what rules gave for an
    order before it changed, by the program and the rule, ``keeper`` the household that keeps the points that
    it is about, where that is not the member's own. ``sent`` are the messages that it has sent so far, by the
    program, those of an order before it changed among them.
    """

    operation_id: UUID
    source_id: UUID
    member: Member
    at: Instant
    kept: dict[tuple[int, str], StoredDecision] | None = None
    keeper: Member | None = None
    sent: dict[int, set[str]] = {}


class Batch(msgspec.Struct):
    """The working state of one batch.

    ``renamed`` are customers who are found by other words than before; ``consents`` is what stands of those
    who say something, ``credited`` what people have given by hand today, where a role bounds it;
    ``now`` is the workspace's business time, ``returned`` whose the orders and redemptions are that come
    back, ``early`` the ids that were claimed when they were looked up and are not taken yet. ``entered``
    are the vouchers whose codes were entered, ``entered_hashes`` the keys under which codes were looked for,
    the likeliest first, ``earned`` those that rules gave for orders that come back, ``issued`` those that
    rules give in this batch, ``won`` those that challenges gave and nobody used, by the customer, the program
    and the challenge, the latest first, ``full_cards`` the gift cards among
    them and those issued in this batch, ``cards`` those of which codes were entered,
    ``closed_cards`` those of redemptions to which nothing comes back any more, ``held`` how many
    holds customers have open, and ``elsewhere`` what is to be written in other buckets.
    ``free_codes`` are those set aside for claims, by program and pool, ``caused_codes`` those for what
    commands cause, ``codes_asked`` how many of these were looked for (None: no more are to be had),
    ``codes_found`` how many of these there were, ``locked_codes`` the ids of both. ``waits``
    are those whose turn it is, ``lines`` how many wait for what is claimed. ``referrals`` are those
    of friends, by the friend, ``converted`` what was carried over. ``codes_judged_at`` is the
    instant at which the rotating codes of vouchers have to be current (None: their time is not judged).
    ``guest_buckets`` says where redemptions of guests lie that orders of this bucket give back,
    ``guests_on_orders`` which are to be found by their orders.
    ``merged`` names the survivors of those among the erased who were merged into somebody.
    ``counted_from`` says of which metrics counters were read and from which period on, ``zeros`` for whom one
    of these stood at nothing, ``again`` that a try before this one has failed. ``touched`` tells what changed
    of customers since their segments were judged (None: anything), ``created`` are those who are new and
    never were; ``judged_last`` are the customers who are judged behind the last command
    (``handling/segmenting.py``), each with the place of their own, ``put_off`` tells what changed of those
    whose command was decided; ``households`` are those whose members are loaded, ``companions`` what is
    remembered of who lives together with whom, ``homes`` in which buckets households lie, ``keepers`` which
    households keep the points of which orders and claims. ``places`` are the buckets of the customers and
    households of the batch that lie in another one. ``told`` are those whom a rule is applied to by hand and
    who entered the segment (its number) by an event.
    """

    workspace: Workspace
    bucket: int
    now: Instant
    ids: Ids
    codebook: Codebook
    names: dict[tuple[str, str], UUID] = {}
    returned: dict[UUID, UUID] = {}
    customers: dict[UUID, CustomerRow] = {}
    erased: set[UUID] = set()
    merged: dict[UUID, str] = {}
    members: dict[UUID, Member] = {}
    orders: dict[UUID, OrderRow] = {}
    past_orders: dict[UUID, list[OrderRow]] = {}
    events: dict[UUID, EventRow] = {}
    external: dict[tuple[IdKind, UUID], UUID] = {}
    identifiers: dict[UUID, IdentifierRow] = {}
    loaded_identifiers: dict[UUID, IdentifierRow] = {}
    identifier_owners: dict[UUID, UUID] = {}
    spent: dict[tuple[int, int], int] = {}
    entered: dict[str, FoundVoucher] = {}
    entered_hashes: dict[str, tuple[UUID, ...]] = {}
    earned: dict[UUID, VoucherRow] = {}
    won: dict[tuple[UUID, int], dict[str, list[UUID]]] = {}
    issued: set[UUID] = set()
    full_cards: dict[UUID, Member] = {}
    cards: dict[UUID, Member] = {}
    closed_cards: set[UUID] = set()
    free_codes: dict[tuple[int, str], list[FreeCode]] = {}
    caused_codes: dict[tuple[int, str], list[FreeCode]] = {}
    locked_codes: dict[tuple[int, str], list[UUID]] = {}
    codes_asked: dict[tuple[int, str], int] | None = None
    codes_found: dict[tuple[int, str], int] = {}
    given_codes: list[FreeCode] = []
    entitlements: dict[UUID, LoadedEntitlement] = {}
    changed_entitlements: dict[UUID, EntitlementRow] = {}
    waits: dict[UUID, WaitRow] = {}
    ended_waits: dict[UUID, WaitRow] = {}
    lines: dict[Line, int] = {}
    audit_entries: list[AuditEntry] = []
    renamed: set[UUID] = set()
    consents: dict[UUID, dict[Subject, Consent]] = {}
    new_consents: list[ConsentRow] = []
    two_to_credit_above: int | None = None
    credited: dict[UUID, int] = {}
    new_credits: list[tuple[Giver, int]] = []
    referrals: dict[UUID, list[ReferralRow]] = {}
    changed_referrals: dict[UUID, ReferralRow] = {}
    conversions: dict[UUID, ConversionRow] = {}
    converted: dict[tuple[UUID, UUID], OwnerRow] = {}
    changed_converted: dict[tuple[UUID, UUID], OwnerRow] = {}
    redemptions: dict[UUID, RedemptionRow] = {}
    held: dict[UUID, int] = {}
    changed_redemptions: dict[UUID, RedemptionRow] = {}
    codes_judged_at: Instant | None = 0
    elsewhere: dict[int, list[Change]] = {}
    changes: list[Change] = []
    early: dict[tuple[int, UUID], UUID] = {}
    claimed: list[tuple[int, UUID, UUID]] = []
    adopted: list[tuple[UUID, UUID, int]] = []
    changed_customers: dict[UUID, CustomerRow] = {}
    new_orders: dict[UUID, OrderRow] = {}
    changed_orders: dict[UUID, OrderRow] = {}
    new_events: list[EventRow] = []
    timer_operations: set[UUID] = set()
    loaded_dues: dict[UUID, Instant | None] = {}
    counted_from: Periods = {}
    zeros: set[UUID] = set()
    again: bool = False
    created: set[UUID] = set()
    touched: dict[UUID, Changed | None] = {}
    judged_last: dict[UUID, int] = {}
    put_off: dict[UUID, Changed | None] = {}
    segment_moves: list[SegmentMove] = []
    told: set[tuple[UUID, int]] = set()
    households: set[UUID] = set()
    companions: dict[UUID, frozenset[tuple[int, UUID]]] = {}
    homes: dict[UUID, int] = {}
    places: dict[UUID, int] = {}
    keepers: dict[UUID, UUID] = {}
    guest_buckets: dict[UUID, int] = {}
    guests_on_orders: list[tuple[UUID, UUID]] = []

    def name(self, kind: str, external_id: str) -> UUID:
        """Return the internal id of the thing that the caller names ``external_id``."""
        key = (kind, external_id)
        found = self.names.get(key)
        if found is None:
            found = self.names[key] = Id(named_bytes(self.workspace.workspace_id, kind, external_id))
        return found

    def member_of(self, external_id: str) -> Member:
        """Return the loaded member of a customer, or raise the 404, or the 410 of an erased one."""
        customer_id = self.name("customer", external_id)
        if customer_id in self.erased:
            raise self.gone(customer_id)
        member = self.members.get(customer_id)
        if member is None:
            raise problem(404, "customer_unknown", f"There is no customer {external_id!r}.")
        return member

    def gone(self, customer_id: UUID) -> ProblemError:
        """Build the 410 of an erased customer, which names the survivor of one who was merged."""
        survivor = self.merged.get(customer_id)
        return customer_erased() if survivor is None else customer_merged(survivor)

    def external_name(self, member: Member) -> str:
        """Return the caller's own id of a member."""
        return self.customers[member.customer_id].external_id

    def place_of(self, customer_id: UUID) -> int:
        """Return the bucket in which a customer or household of the batch lies."""
        return self.places.get(customer_id, self.bucket)

    def by_bucket(self, ids: Iterable[UUID]) -> list[tuple[int, list[UUID]]]:
        """Return customers and households of the batch by the buckets in which they lie, ascending."""
        if not self.places:
            return [(self.bucket, list(ids))]
        found: dict[int, list[UUID]] = {}
        for each in ids:
            found.setdefault(self.place_of(each), []).append(each)
        return sorted(found.items())

    def members_by_bucket(self) -> list[tuple[int, dict[UUID, Member]]]:
        """Return the members that are loaded by the buckets in which they lie, ascending."""
        if not self.places:
            return [(self.bucket, self.members)]
        return [
            (bucket, {each: self.members[each] for each in ids})
            for bucket, ids in self.by_bucket(self.members)
        ]

    def operation(self, member: Member, source_id: UUID, at: Instant) -> Operation:
        """Begin an operation of ``member``."""
        return Operation(self.ids.next(), source_id, member, at)

    def claim(self, kind: IdKind, id_hash: UUID, customer_id: UUID) -> None:
        """Note that ``id_hash`` now belongs to the customer, if it was not claimed early."""
        self.external[kind, id_hash] = customer_id
        if self.early.get((kind, id_hash)) == customer_id:
            del self.early[kind, id_hash]
        else:
            self.claimed.append((kind, id_hash, customer_id))

    def apply(
        self, operation: Operation, version: Version, effects: tuple[Effect, ...], bucket: int | None = None
    ) -> None:
        """Take effects over: into the member in memory, and into what will be written.

        ``bucket`` is where their owner lives, if it is not this one.
        """
        if not effects:
            return
        self._take(operation, version, effects, bucket)
        household = operation.member.household
        pooling = version.pooling
        if household is not None and pooling is not None and len(household.people) > 1:
            self._share(operation, version, effects, household, pooling)

    def be_at_one(self, operation: Operation, version: Version) -> None:
        """Give everybody in the household of the operation's member the one tier that they share."""
        for each, move in moves_to_one(version, operation.member, operation.at):
            self._move_tier(operation, version, each, move)

    def _share(
        self,
        operation: Operation,
        version: Version,
        effects: tuple[Effect, ...],
        household: Household,
        pooling: Pooling,
    ) -> None:
        """Let the others of a household move with a tier, and count what is used of their common limits.

        What each has used is added up; what is written under the household's id is that sum, so that the
        database holds it to the cap. Where it lags behind, because somebody came or a version pools only
        now, the next use makes up for that.
        """
        for other, move in moves_of_others(version, operation.member, effects):
            self._move_tier(operation, version, other, move)
        uses: list[Effect] = []
        for effect in effects:
            if type(effect) is not UseLimit or effect.limit in pooling.own:
                continue
            used = sum(each.limits.get(effect.limit, {}).get(effect.period, 0) for each in household.people)
            written = household.uses.setdefault(effect.limit, {})
            more = used - written.get(effect.period, 0)
            if more < 0 or (more > 0 and effect.amount > 0):
                uses.append(msgspec.structs.replace(effect, amount=more))
                written[effect.period] = used
        if uses:
            self.changes.append(
                Change(
                    customer_id=household.household_id,
                    owner=household.household_id,
                    operation_id=operation.operation_id,
                    source_id=operation.source_id,
                    program_id=version.program_id,
                    version=version.number,
                    at=operation.at,
                    effects=tuple(uses),
                )
            )

    def _move_tier(self, operation: Operation, version: Version, each: Member, move: MoveTier) -> None:
        """Move the tier of somebody with that of the household, and note it if it is another one."""
        self._take(msgspec.structs.replace(operation, member=each), version, (move,))
        if each is operation.member or move.tier == move.before:
            return
        row = EventRow(
            customer_id=each.customer_id,
            event_id=self.ids.next(),
            operation_id=operation.operation_id,
            kind=EventKind.TIER_SHARED,
            external_id="",
            source_id=each.owner,
            occurred_at=move.at,
            recorded_at=self.now,
            body=b"",
            decision=b"",
            answer=b"",
        )
        self.put_event(row)

    def _take(
        self, operation: Operation, version: Version, effects: tuple[Effect, ...], bucket: int | None = None
    ) -> None:
        member = operation.member
        if self.workspace.segments is not None:
            self._touch(member, version.program_id, effects)
        fold(member, version, effects, operation.at)
        fold_spent(self.spent, effects)
        changes = self.changes if bucket is None else self.elsewhere.setdefault(bucket, [])
        changes.append(
            Change(
                customer_id=member.customer_id,
                owner=member.owner,
                operation_id=operation.operation_id,
                source_id=operation.source_id,
                program_id=version.program_id,
                version=version.number,
                at=operation.at,
                effects=effects,
            )
        )

    def _touch(self, member: Member, program_id: int, effects: tuple[Effect, ...]) -> None:
        """Note what may move somebody in or out of segments: the member, or everybody of a household."""
        ids = [member.customer_id]
        if member.owner in self.households:
            ids = [each.customer_id for each in self.members.values() if each.owner == member.owner]
        for customer_id in ids:
            if customer_id not in self.touched:
                self.touched[customer_id] = [(program_id, effects)]
            elif (known := self.touched[customer_id]) is not None:
                known.append((program_id, effects))

    def is_household(self, member: Member) -> bool:
        """Whether this is no person, but a household, which is in no segment."""
        return member.customer_id in self.households

    def identify(self, customer_id: UUID, rows: dict[UUID, IdentifierRow]) -> None:
        """Give a customer exactly these identifiers, by their hashes; nobody else may have one of them."""
        had = [id_hash for id_hash, row in self.identifiers.items() if row.customer_id == customer_id]
        for id_hash in had:
            del self.identifiers[id_hash], self.identifier_owners[id_hash]
        self.identifiers.update(rows)
        self.identifier_owners.update(dict.fromkeys(rows, customer_id))

    def put_order(self, row: OrderRow) -> None:
        """Store an order as it is now; a new one is inserted, a known one updated."""
        if row.order_id in self.orders and row.order_id not in self.new_orders:
            self.changed_orders[row.order_id] = row
        else:
            self.new_orders[row.order_id] = row
        self.orders[row.order_id] = row

    def adopt_guest_order(self, guest: OrderRow, customer_id: UUID) -> None:
        """Give a guest's order to a customer: its id now belongs to the customer."""
        row = self.workspace.row
        bucket = bucket_of(guest.external_id, row.bucket_base, row.bucket_count)
        self.external[IdKind.ORDER, guest.order_id] = customer_id
        self.adopted.append((guest.order_id, customer_id, bucket))
        self.orders.pop(guest.order_id)

    def put_referral(self, row: ReferralRow) -> None:
        """Store a referral as it is now."""
        known = self.referrals.get(row.friend_id, [])
        others = [other for other in known if other.referral.referral_id != row.referral.referral_id]
        self.referrals[row.friend_id] = [*others, row]
        self.changed_referrals[row.referral.referral_id] = row

    def put_converted(self, row: OwnerRow) -> None:
        """Store how far an owner is with a conversion."""
        key = (row.customer_id, row.conversion_id)
        self.converted[key] = self.changed_converted[key] = row

    def bucket_of_redemption(self, row: RedemptionRow) -> int:
        """Return the bucket that a redemption lies in: a guest's may be on an order of this one."""
        return self.guest_buckets.get(row.redemption_id, self.bucket)

    def note_on_order(self, row: RedemptionRow) -> None:
        """Let a guest's redemption be found by the order that it is for."""
        if row.order_id is not None and row.customer_id == row.redemption_id:
            self.guests_on_orders.append((row.order_id, row.redemption_id))

    def put_redemption(self, row: RedemptionRow) -> None:
        """Store a redemption as it is now, and count the holds that its customer has open."""
        before = self.redemptions.get(row.redemption_id)
        was = before is not None and before.state is RedemptionState.HELD
        self.held[row.customer_id] = (
            self.held.get(row.customer_id, 0) + (row.state is RedemptionState.HELD) - was
        )
        self.redemptions[row.redemption_id] = row
        self.changed_redemptions[row.redemption_id] = row

    def put_event(self, row: EventRow) -> None:
        """Store an event; events are never changed."""
        self.events[row.event_id] = row
        self.new_events.append(row)

    def begins(self, customer_id: UUID, metric: int, period: int, amount: int) -> bool:
        """Whether a counter to which the batch adds so much has no row: it was read, and was not there.

        Where a try has failed already it may have been for that, and nobody relies on it any more.
        """
        if self.again or customer_id in self.places:
            return False
        first = self.counted_from.get(metric)
        if first is None or period < first or not amount or customer_id in self.zeros:
            return False
        member = self.members.get(customer_id)
        return member is not None and member.counters.get(metric, {}).get(period) == amount

    def dues(self) -> dict[UUID, Instant | None]:
        """Return the members whose next due instant differs from the stored one."""
        return {
            customer_id: member.due_at
            for customer_id, member in self.members.items()
            if member.due_at != self.loaded_dues.get(customer_id)
        }
