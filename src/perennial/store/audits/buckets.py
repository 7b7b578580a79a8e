"""What lies in one bucket and may belong to something in another: nothing else says that it is there."""

from __future__ import annotations

from perennial.store.audits.invariant import Check

BETWEEN_BUCKETS = (
    Check(
        "sources",
        "Every posting and tier move belongs to an order or event that is stored in its bucket. (What pays"
        " with a gift card may be in another bucket than the card, what somebody did who was merged since"
        " is where the survivor is, and what moves the points of a household is with whoever lives there.)",
        """
with elsewhere as materialized (
    select bucket, customer_id, operation_id, source_id
    from postings
    where workspace_id = $1 and {new} and not exists (
        select from (
            select bucket, order_id as source_id from orders where workspace_id = $1
            union all select bucket, event_id from events where workspace_id = $1
        ) as stored
        where stored.bucket = postings.bucket and stored.source_id = postings.source_id
    )
),
apart as materialized (
    select elsewhere.customer_id, elsewhere.operation_id
    from elsewhere
    join external_ids as household on household.workspace_id = $1 and household.kind = 8
        and household.id_hash = elsewhere.customer_id and household.bucket = elsewhere.bucket
    join (
        select order_id as source_id from orders where workspace_id = $1
        union all select event_id from events where workspace_id = $1
    ) as stored on stored.source_id = elsewhere.source_id
),
lost as materialized (
    select bucket, customer_id, operation_id, source_id
    from elsewhere
    where not exists (
        select from apart
        where apart.customer_id = elsewhere.customer_id and apart.operation_id = elsewhere.operation_id
    ) and not exists (
        select from orders
        join merged_customers as merged on merged.workspace_id = $1
            and merged.into_bucket = orders.bucket and merged.into_id = orders.customer_id
        where orders.workspace_id = $1 and orders.order_id = elsewhere.source_id
    )
)
select bucket, customer_id, array[operation_id] as operations, format('source %s', source_id) as words
from lost
full join (
    select event_id from events where workspace_id = $1 and kind in (2, 15, 16, 17, 21)
    union all select order_id from orders where workspace_id = $1 and status = 4
) as checkout on event_id = source_id
where event_id is null or source_id is not null and not exists (
    select from vouchers
    where vouchers.workspace_id = $1 and vouchers.bucket = lost.bucket
        and vouchers.voucher_id = lost.customer_id
)
""",
    ),
    Check(
        "households",
        "Whoever lives in a household lives in one that is there, in whichever bucket, and was not erased.",
        """
select lives.bucket, lives.customer_id, null::uuid[] as operations,
    format('household %s', lives.household_id) as words
from (select * from customers where workspace_id = $1 and household_id is not null) as lives
left join external_ids as home on home.workspace_id = $1 and home.kind = 8
    and home.id_hash = lives.household_id
left join customers as household on household.workspace_id = $1 and household.bucket = home.bucket
    and household.customer_id = home.id_hash and household.erased_at is null
where household.customer_id is null
""",
    ),
)
