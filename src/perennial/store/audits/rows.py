"""What must hold between the rows of one workspace: each names others that are there and agree.

Nothing but these checks stands behind the references between rows that one flow writes: foreign keys
between them would cost every order a third of its time.
"""

from __future__ import annotations

from perennial.store.audits.invariant import Check

ROWS = (
    Check(
        "external_ids",
        "Every claimed id belongs to an order, event, household, entitlement or referral of its bucket and"
        " customer.",
        """
select bucket, customer_id, null::uuid[] as operations, format('kind %s, id %s', kind, id_hash) as words
from external_ids
where workspace_id = $1 and not case
    when kind = 1 then exists (
        select from orders
        where orders.bucket = external_ids.bucket and orders.workspace_id = $1
            and orders.customer_id = external_ids.customer_id and orders.order_id = external_ids.id_hash
    )
    when kind = 30 then exists (
        select from entitlements
        where entitlements.bucket = external_ids.bucket and entitlements.workspace_id = $1
            and entitlements.customer_id = external_ids.customer_id
            and entitlements.entitlement_id = external_ids.id_hash
    )
    when kind = 40 then exists (
        select from referrals
        where referrals.bucket = external_ids.bucket and referrals.workspace_id = $1
            and referrals.customer_id = external_ids.customer_id
            and referrals.referral_id = external_ids.id_hash
    )
    when kind = 8 then exists (
        select from customers
        where customers.bucket = external_ids.bucket and customers.workspace_id = $1
            and customers.customer_id = external_ids.id_hash
    )
    else exists (
        select from events
        where events.bucket = external_ids.bucket and events.workspace_id = $1
            and events.customer_id = external_ids.customer_id and events.event_id = external_ids.id_hash
            and (events.kind = external_ids.kind or (external_ids.kind = 15 and events.kind = 16))
    )
end
""",
    ),
    Check(
        "claimed_once",
        "Every order, and every event that its caller names, has claimed its id. (What is left of the events"
        " of somebody who was merged is blank: the survivor has them, and the ids.)",
        """
select bucket, customer_id, operations, format('kind %s, id %s', kind, id_hash) as words
from (
    select bucket, customer_id, array[operation_id] as operations, 1 as kind, order_id as id_hash
    from orders where workspace_id = $1
    union all
    select bucket, customer_id, array[operation_id], case kind when 16 then 15 else kind end, event_id
    from events where workspace_id = $1
        and (kind between 2 and 7 or kind in (20, 21) or (kind in (15, 16, 17) and external_id <> ''))
) as stored
where not exists (
    select from external_ids
    where external_ids.workspace_id = $1 and external_ids.kind = stored.kind
        and external_ids.id_hash = stored.id_hash and external_ids.bucket = stored.bucket
        and external_ids.customer_id = stored.customer_id
) and not exists (
    select from merged_customers
    where merged_customers.workspace_id = $1 and merged_customers.bucket = stored.bucket
        and merged_customers.customer_id = stored.customer_id
)
""",
    ),
    Check(
        "customers",
        "Whoever has an order, event, membership, wallet, timer or voucher is a known customer (a guest's"
        " order or redemption is its own, and so are a voucher that is nobody's and a gift card).",
        """
with unknown as materialized (
    select bucket, customer_id, what
    from (
        select bucket, customer_id, 'order' as what from orders
            where workspace_id = $1 and customer_id <> order_id
        union all select bucket, customer_id, 'event' from events where workspace_id = $1
        union all select bucket, customer_id, 'membership' from memberships where workspace_id = $1
        union all select bucket, customer_id, 'wallet' from wallets where workspace_id = $1
        union all select bucket, customer_id, 'timer' from timers where workspace_id = $1
        union all select bucket, customer_id, 'counter' from counters where workspace_id = $1
        union all select bucket, customer_id, 'limit' from limit_uses where workspace_id = $1
        union all select bucket, customer_id, 'voucher' from vouchers
            where workspace_id = $1 and customer_id <> voucher_id
    ) as named
    where not exists (
        select from customers
        where customers.bucket = named.bucket and customers.workspace_id = $1
            and customers.customer_id = named.customer_id
    )
)
select bucket, customer_id, null::uuid[] as operations, string_agg(distinct what, ', ') as words
from unknown
where not (what = 'event' and exists (
    select from redemptions
    where redemptions.bucket = unknown.bucket and redemptions.workspace_id = $1
        and redemptions.customer_id = unknown.customer_id and redemption_id = unknown.customer_id
    union all select from orders
    where orders.bucket = unknown.bucket and orders.workspace_id = $1
        and orders.customer_id = unknown.customer_id and orders.order_id = unknown.customer_id
)) and not (what in ('event', 'wallet') and exists (
    select from vouchers
    where vouchers.bucket = unknown.bucket and vouchers.workspace_id = $1
        and voucher_id = unknown.customer_id
))
group by bucket, customer_id
""",
    ),
    Check(
        "referrals",
        "Every referral has claimed its id and stands on the side of its advocate as well, and nothing stands"
        " there without it.",
        """
select coalesce(friend.bucket, advocate.bucket) as bucket,
    coalesce(friend.customer_id, advocate.customer_id) as customer_id, null::uuid[] as operations,
    format('referral %s', referral_id) as words
from (select * from referrals where workspace_id = $1) as friend
full join (select * from advocacies where workspace_id = $1) as advocate using (referral_id)
where friend.customer_id is null or advocate.customer_id is null
    or (advocate.bucket, advocate.customer_id) <> (friend.advocate_bucket, friend.advocate_id)
    or (friend.bucket, friend.customer_id) <> (advocate.friend_bucket, advocate.friend_id)
    or not exists (
        select from external_ids
        where external_ids.workspace_id = $1 and kind = 40 and id_hash = referral_id
            and external_ids.bucket = friend.bucket and external_ids.customer_id = friend.customer_id
    )
""",
    ),
    Check(
        "identifiers",
        "Every identifier belongs to a known customer of its bucket who was not erased.",
        """
select bucket, customer_id, null::uuid[] as operations, format('%s %s', type, id_hash) as words
from identifiers
where workspace_id = $1 and not exists (
    select from customers
    where customers.bucket = identifiers.bucket and customers.workspace_id = $1
        and customers.customer_id = identifiers.customer_id and customers.erased_at is null
)
""",
    ),
    Check(
        "buckets",
        "Every customer, every order and every voucher lies in one of the workspace's own buckets.",
        """
select bucket, customer_id, null::uuid[] as operations, 'a bucket of another workspace' as words
from (
    select bucket, customer_id from customers where workspace_id = $1
    union all
    select bucket, customer_id from orders where workspace_id = $1
    union all
    select bucket, customer_id from vouchers where workspace_id = $1
) as placed
where not exists (
    select from workspaces
    where workspace_id = $1 and placed.bucket between bucket_base and bucket_base + bucket_count - 1
)
""",
    ),
    Check(
        "tiers",
        "A membership has the tier of its last move, or none after joining anew.",
        """
select bucket, customer_id, operations,
    format('program %s: tier %s, last moved to %s', program_id, tier, moved_to) as words
from (
    select bucket, customer_id, program_id, tier
    from memberships where workspace_id = $1
) as membership
left join lateral (
    select tier_after as moved_to, began, array[operation_id] as operations
    from (
        select tier_after, operation_id, position, xact,
            min(left(operation_id::text, 13)) over (partition by xact) as began
        from tier_moves
        where tier_moves.bucket = membership.bucket and tier_moves.workspace_id = $1
            and tier_moves.customer_id = membership.customer_id
            and tier_moves.program_id = membership.program_id
    ) as moves
    order by began desc, xact desc, position desc
    limit 1
) as last on true
where tier is distinct from moved_to and not (tier is null and exists (
    select from events
    where events.bucket = membership.bucket and events.workspace_id = $1
        and events.customer_id = membership.customer_id and events.kind = 9
        and left(events.operation_id::text, 13) >= last.began
))
""",
    ),
    Check(
        "tier_chain",
        "Every tier move begins where the one before it ended, or without a tier after joining anew.",
        """
select bucket, customer_id, array[operation_id] as operations,
    format('program %s: from %s, but it was %s', program_id, tier_before, was) as words
from (
    select bucket, customer_id, program_id, operation_id, tier_before,
        lag(tier_after) over sequence as was, lag(operation_id) over sequence as earlier
    from (
        select *, min(left(operation_id::text, 13)) over (partition by bucket, customer_id, xact) as began
        from tier_moves where workspace_id = $1
    ) as moves
    window sequence as (
        partition by bucket, customer_id, program_id order by began, xact, position
    )
) as moves
where earlier is not null and tier_before is distinct from was and not exists (
    select from events
    where events.bucket = moves.bucket and events.workspace_id = $1
        and events.customer_id = moves.customer_id and events.kind = 9 and moves.tier_before is null
        and left(events.operation_id::text, 13) between left(moves.earlier::text, 13)
            and left(moves.operation_id::text, 13)
)
""",
    ),
    Check(
        "timers",
        "Whoever has points that become available or expire, or a tier that is reviewed, has a timer that is"
        " due no later.",
        """
select bucket, customer_id, null::uuid[] as operations,
    format('due at %s, but something is due at %s', due_at, earliest) as words
from (
    select bucket, customer_id, min(instant) as earliest
    from (
        select lots.bucket, lots.customer_id,
            least(expires_at, case when available_at > activated_until then available_at end) as instant
        from lots
        join wallets using (bucket, workspace_id, customer_id, unit_id)
        where lots.workspace_id = $1 and remaining > 0
        union all
        select bucket, customer_id, tier_until
        from memberships where workspace_id = $1 and left_at is null
    ) as instants
    where instant is not null
    group by bucket, customer_id
) as waiting
left join (
    select bucket, customer_id, due_at from timers where workspace_id = $1
) as timer using (bucket, customer_id)
where (due_at is null or due_at > earliest)
    and not exists (
        select from external_ids
        where external_ids.workspace_id = $1 and kind = 8 and id_hash = waiting.customer_id
    )
""",
    ),
    Check(
        "limits",
        "No limit and no budget is used beyond its cap or below zero.",
        """
select bucket, customer_id, null::uuid[] as operations,
    format('limit %s, period %s: %s of %s', limit_id, period, used, cap) as words
from limit_uses where workspace_id = $1 and (used < 0 or used > cap)
union all
select null, null, null, format('budget %s, period %s: %s of %s', budget_id, period, used, cap)
from budgets where workspace_id = $1 and (used < 0 or used > cap)
""",
    ),
    Check(
        "vouchers",
        "Every voucher has its code and every code its voucher (what is left of those of somebody who was"
        " merged is over); the points that a claim redeemed are those that its vouchers and entitlements"
        " cost.",
        """
select bucket, customer_id, operations, words
from (
    select bucket, customer_id, array[operation_id] as operations, 'no code' as words
    from vouchers
    where workspace_id = $1 and not exists (
        select from voucher_codes
        where voucher_codes.workspace_id = $1 and voucher_codes.bucket = vouchers.bucket
            and voucher_codes.customer_id = vouchers.customer_id
            and voucher_codes.voucher_id = vouchers.voucher_id
    ) and not exists (
        select from merged_customers
        where merged_customers.workspace_id = $1 and merged_customers.bucket = vouchers.bucket
            and merged_customers.customer_id = vouchers.customer_id
    )
    union all
    select bucket, customer_id, null, format('code of the missing voucher %s', voucher_id)
    from voucher_codes
    where workspace_id = $1 and not exists (
        select from vouchers
        where vouchers.bucket = voucher_codes.bucket and vouchers.workspace_id = $1
            and vouchers.customer_id = voucher_codes.customer_id
            and vouchers.voucher_id = voucher_codes.voucher_id
    )
    union all
    select paid.bucket, null, array[operation_id],
        format('redeemed %s, what was given cost %s', redeemed, cost)
    from (
        select bucket, operation_id, sum(amount)::bigint as redeemed
        from postings where workspace_id = $1 and debit = 1 and credit = 3 and source_id not in (
            select event_id from events where workspace_id = $1 and kind = 15
        )
        group by bucket, operation_id
    ) as paid
    full join (
        select operation_id, sum(points)::bigint as cost
        from (
            select operation_id, points from vouchers where workspace_id = $1 and points > 0
            union all
            select operation_id, points from entitlements where workspace_id = $1 and points > 0
        ) as given
        group by operation_id
    ) as bought using (operation_id)
    where redeemed is distinct from cost
) as broken
""",
    ),
    Check(
        "batches",
        "Every batch of codes holds as many as were made, and every code of a pool belongs to one.",
        """
select null::int as bucket, null::uuid as customer_id, null::uuid[] as operations,
    format('batch %s: %s codes were made, %s are there', batch_id, made, there) as words
from (
    select batch_id, made from voucher_batches where workspace_id = $1
) as batch
full join (
    select batch_id, count(*) as there
    from vouchers where workspace_id = $1 and batch_id is not null
    group by batch_id
) as pool using (batch_id)
where made is distinct from coalesce(there, 0)
""",
    ),
    Check(
        "till",
        "Every allowance of a device has granted what its entries were granted, and the entries of a device"
        " are numbered without a gap.",
        """
select null::int as bucket, null::uuid as customer_id, null::uuid[] as operations,
    format('device %s: %s', device_id, what) as words
from (
    select device_id, format('allowance %s granted %s, its entries %s', allowance_id, granted, summed) as what
    from (
        select device_id, allowance_id, array[points, amount, redemptions] as granted
        from till_allowances where workspace_id = $1
    ) as allowance
    full join (
        select device_id, allowance_id, array[
            sum(points), sum(amount), count(*) filter (where state <> 'refused')
        ]::bigint[] as summed
        from till_entries where workspace_id = $1
        group by device_id, allowance_id
    ) as entries using (device_id, allowance_id)
    where granted is distinct from coalesce(summed, '{0,0,0}')
    union all
    select device_id, format('%s entries are there, the last one is %s', there, last_sequence)
    from (
        select device_id, last_sequence from till_devices where workspace_id = $1
    ) as device
    full join (
        select device_id, count(*) as there, max(sequence) as last
        from till_entries where workspace_id = $1
        group by device_id
    ) as numbered using (device_id)
    where last_sequence is distinct from coalesce(there, 0)
        or last_sequence is distinct from coalesce(last, 0)
) as broken
""",
    ),
    Check(
        "entitlements",
        "Every entitlement belongs to a known customer, is found by its id, and has a state that its kind of"
        " benefit can have.",
        """
select bucket, customer_id, array[operation_id] as operations, words
from (
    select bucket, customer_id, operation_id, format('%s is not found by its id', entitlement_id) as words
    from entitlements
    where workspace_id = $1 and not exists (
        select from external_ids
        where external_ids.workspace_id = $1 and external_ids.kind = 30
            and external_ids.id_hash = entitlements.entitlement_id
            and external_ids.bucket = entitlements.bucket
            and external_ids.customer_id = entitlements.customer_id
    )
    union all
    select bucket, customer_id, operation_id, format('%s is of nobody', entitlement_id)
    from entitlements
    where workspace_id = $1 and not exists (
        select from customers
        where customers.bucket = entitlements.bucket and customers.workspace_id = $1
            and customers.customer_id = entitlements.customer_id
    )
    union all
    select bucket, customer_id, operation_id, format('%s owes nothing', entitlement_id)
    from entitlements
    where workspace_id = $1 and state in (2, 3) and (amount = 0 or currency is null)
) as broken
""",
    ),
    Check(
        "consents",
        "What stands of a channel and a purpose is the latest of what the customer said about them, by when"
        " it was said, and of one instant the withdrawal; whoever said something is a known customer.",
        """
select bucket, customer_id, null::uuid[] as operations, format('%s for %s', channel, purpose) as words
from (
    select bucket, customer_id, channel, purpose,
        (standing.given, standing.at, standing.record_id)
            is distinct from (latest.given, latest.at, latest.record_id) as differs
    from (
        select bucket, customer_id, channel, purpose, given, at, record_id
        from consents where workspace_id = $1
    ) as standing
    full join (
        select distinct on (bucket, customer_id, channel, purpose)
            bucket, customer_id, channel, purpose, given, at, record_id
        from consent_records where workspace_id = $1
        order by bucket, customer_id, channel, purpose, at desc, given, record_id desc
    ) as latest using (bucket, customer_id, channel, purpose)
) as said
where differs or not exists (
    select from customers
    where customers.bucket = said.bucket and customers.workspace_id = $1
        and customers.customer_id = said.customer_id
)
""",
    ),
    Check(
        "consents_of_conditions",
        "What conditions read of a customer's consents is what stands as given, and nothing else.",
        """
select bucket, customer_id, null::uuid[] as operations,
    format('%s is read, and %s is given', coalesce(kept, 'nothing'), coalesce(names, 'nothing')) as words
from (
    select bucket, customer_id, attributes ->> '@consents' as kept
    from customers where workspace_id = $1 and attributes ? '@consents'
) as read
full join (
    select bucket, customer_id,
        string_agg(channel || '.' || purpose, ',' order by (channel || '.' || purpose) collate "C") as names
    from consents where workspace_id = $1 and given
    group by bucket, customer_id
) as standing using (bucket, customer_id)
where kept is distinct from names
""",
    ),
)
