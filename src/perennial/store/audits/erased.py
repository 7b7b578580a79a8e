"""What must hold of those who were erased, and of who is in segments: nothing is left where nobody is."""

from __future__ import annotations

from perennial.store.audits.invariant import Check

ERASED = (
    Check(
        "erased",
        "Of whoever was erased nothing is left but the ledger: no name, no content of orders and events, no"
        " membership, consent, message, timer, counter, challenge, place in a line or use of a limit, no"
        " voucher that is worth something, nothing that is still to be paid, sent or used, no points and no"
        " debt.",
        """
select bucket, customer_id, null::uuid[] as operations, string_agg(distinct what, ', ') as words
from (
    select bucket, customer_id, 'a name' as what from customers
        where workspace_id = $1 and (external_id <> '' or attributes <> '{}' or household_id is not null)
    union all select bucket, customer_id, 'an order' from orders
        where workspace_id = $1 and (external_id <> '' or body <> '' or decision <> '' or answer <> ''
            or net <> 0 or paid_at is not null or returned is not null)
    union all select bucket, customer_id, 'an event' from events
        where workspace_id = $1 and (external_id <> '' or body <> '' or decision <> '' or answer <> '')
    union all select bucket, customer_id, 'a membership' from memberships
        where workspace_id = $1 and (left_at is null or source <> '')
    union all select bucket, customer_id, 'a timer' from timers where workspace_id = $1
    union all select bucket, customer_id, 'a counter' from counters where workspace_id = $1
    union all select bucket, customer_id, 'a limit' from limit_uses where workspace_id = $1
    union all select bucket, customer_id, 'a challenge' from challenge_rounds where workspace_id = $1
    union all select bucket, customer_id, 'a place in a line' from waits where workspace_id = $1
    union all select bucket, customer_id, 'a message' from messages where workspace_id = $1
    union all select bucket, customer_id, 'a consent' from consents where workspace_id = $1
    union all select bucket, customer_id, 'a consent' from consent_records where workspace_id = $1
    union all select bucket, customer_id, 'a voucher' from vouchers
        where workspace_id = $1 and (state <> 2 or sealed <> '' or last4 <> '')
    union all select bucket, customer_id, 'an entitlement' from entitlements
        where workspace_id = $1 and (state in (2, 4, 5, 7) or reference is not null)
    union all select bucket, customer_id, 'a balance' from wallets
        where workspace_id = $1 and (balance <> 0 or debt <> 0 or shortfall <> 0)
) as kept
join (
    select bucket, customer_id
    from customers where workspace_id = $1 and erased_at is not null
) as erased using (bucket, customer_id)
group by bucket, customer_id
""",
    ),
    Check(
        "blanked",
        "Only who was erased has events without a content, transfers with them aside.",
        """
select bucket, customer_id, array[operation_id] as operations, format('event %s', event_id) as words
from events
where workspace_id = $1 and kind in (2, 3, 4, 5, 7, 11, 20) and (body = '' or external_id = '')
    and not exists (
        select from customers
        where customers.bucket = events.bucket and customers.workspace_id = $1
            and customers.customer_id = events.customer_id and erased_at is not null
    )
""",
    ),
    Check(
        "segment_members",
        "Whoever is in a segment was let in at that instant, which is told once, and has not left since; the"
        " segment is there, and the customer was not erased.",
        """
select bucket, customer_id, null::uuid[] as operations,
    format('segment %s since %s', segment_id, entered_at) as words
from segment_members
where workspace_id = $1 and (
    (move_id is null) is distinct from exists (
        select from segment_moves
        where segment_moves.bucket = segment_members.bucket and segment_moves.workspace_id = $1
            and segment_moves.customer_id = segment_members.customer_id
            and segment_moves.segment_id = segment_members.segment_id
            and segment_moves.at = segment_members.entered_at and entered
            and segment_moves.move_id = coalesce(segment_members.move_id, segment_moves.move_id)
    )
    or not exists (
        select from segments
        where segments.workspace_id = $1 and segments.segment_id = segment_members.segment_id
            and (deleted_at is null or stale)
    )
    or exists (
        select from customers
        where customers.bucket = segment_members.bucket and customers.workspace_id = $1
            and customers.customer_id = segment_members.customer_id and erased_at is not null
    )
)
""",
    ),
)
