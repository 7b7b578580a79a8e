"""What must hold in the ledger: postings, and the wallets and lots that are their sum.

Each check is a query that returns no row on sound data. ``$1`` is the workspace; ``{owners}`` and
``{new}`` limit an incremental run to the owners that have new postings, and to these postings.
"""

from __future__ import annotations

from perennial.store.audits.invariant import Check

LEDGER = (
    Check(
        "posting_accounts",
        "Every posting moves between two different known accounts, one of them an owner's (a wallet, a debt,"
        " what is held), and names a lot exactly where a wallet takes part. (It balances by construction: one"
        " row, one amount.)",
        """
select bucket, customer_id, array[operation_id] as operations,
    format('debit %s, credit %s, lot %s', debit, credit, lot_id) as words
from postings
where workspace_id = $1 and {new} and not (
    debit <> credit and debit between 1 and 10 and credit between 1 and 10
    and (debit in (1, 6, 9) or credit in (1, 6, 9))
    and (lot_id <> 0) = (debit = 1 or credit = 1)
)
""",
    ),
    Check(
        "posting_amount",
        "Every posting moves a positive amount of at most 10^15.",
        """
select bucket, customer_id, array[operation_id] as operations, format('amount %s', amount) as words
from postings
where workspace_id = $1 and {new} and amount not between 1 and 1000000000000000
""",
    ),
    Check(
        "operation_whole",
        "An operation's postings and tier moves were written by one transaction.",
        """
select bucket, customer_id, array[operation_id] as operations,
    format('written by %s transactions', count(distinct xact)) as words
from (
    select bucket, customer_id, operation_id, xact
    from postings where workspace_id = $1 and {owners}
    union all
    select bucket, customer_id, operation_id, xact
    from tier_moves where workspace_id = $1 and {owners}
) as written
group by bucket, customer_id, operation_id
having count(distinct xact) > 1
""",
    ),
    Check(
        "wallet_balance",
        "A wallet's balance, debt and lifetime figures are the replay of its owner's postings.",
        """
select bucket, customer_id, null::uuid[] as operations,
    format('unit %s: stored %s, replayed %s', unit_id, stored, replayed) as words
from (
    select bucket, customer_id, unit_id, array[balance, debt, earned, spent, expired, held] as stored
    from wallets where workspace_id = $1 and {owners}
) as wallet
full join (
    select bucket, customer_id, unit_id, array[
        sum(case when credit = 1 then amount when debit = 1 then -amount else 0 end)::bigint,
        sum(case when debit = 6 then amount when credit = 6 then -amount else 0 end)::bigint,
        sum(case when debit = 2 and credit = 1 then amount
            when credit = 2 then -amount else 0 end)::bigint,
        sum(case when credit = 3 then amount when debit = 3 then -amount else 0 end)::bigint,
        sum(case when credit = 4 then amount when debit = 4 then -amount else 0 end)::bigint,
        sum(case when credit = 9 then amount when debit = 9 then -amount else 0 end)::bigint
    ] as replayed
    from postings where workspace_id = $1 and {owners}
    group by bucket, customer_id, unit_id
) as history using (bucket, customer_id, unit_id)
where coalesce(stored, '{0,0,0,0,0,0}') <> coalesce(replayed, '{0,0,0,0,0,0}')
""",
    ),
    Check(
        "wallet_lots",
        "A wallet's balance is the sum of what remains in its lots, and its pending part is what remains in"
        " the lots that wait for an event or whose time to be counted has not come.",
        """
select bucket, customer_id, null::uuid[] as operations,
    format('unit %s: balance %s, pending %s; lots %s, pending %s',
        unit_id, balance, pending, remaining, waiting) as words
from (
    select bucket, customer_id, unit_id, balance, pending
    from wallets where workspace_id = $1 and {owners}
) as wallet
full join (
    select bucket, customer_id, unit_id, sum(remaining)::bigint as remaining,
        sum(remaining) filter (
            where available_at is null or available_at > coalesce(counted_until, '-infinity')
        )::bigint as waiting
    from (
        select bucket, customer_id, unit_id, remaining, available_at
        from lots where workspace_id = $1 and {owners}
    ) as lot
    left join (
        select bucket, customer_id, unit_id, activated_until as counted_until
        from wallets where workspace_id = $1 and {owners}
    ) as counted using (bucket, customer_id, unit_id)
    group by bucket, customer_id, unit_id
) as held using (bucket, customer_id, unit_id)
where coalesce(balance, 0) <> coalesce(remaining, 0) or coalesce(pending, 0) <> coalesce(waiting, 0)
""",
    ),
    Check(
        "lot_postings",
        "A lot was granted what entered it for the first time, and what remains is what entered it less what"
        " left it; never below zero.",
        """
select bucket, customer_id, operations,
    format('unit %s, lot %s: stored %s of %s, replayed %s of %s',
        unit_id, lot_id, remaining, granted, came - went, came - returned) as words
from (
    select bucket, customer_id, unit_id, lot_id, granted, remaining, origin
    from lots where workspace_id = $1 and {owners}
) as lot
full join (
    select bucket, customer_id, unit_id, lot_id,
        sum(amount) filter (where credit = 1)::bigint as came,
        coalesce(sum(amount) filter (where credit = 1 and debit in (3, 9)), 0)::bigint as returned,
        coalesce(sum(amount) filter (where debit = 1), 0)::bigint as went,
        (array_agg(operation_id order by operation_id desc))[1:10] as operations
    from postings where workspace_id = $1 and {owners} and lot_id <> 0
    group by bucket, customer_id, unit_id, lot_id
) as history using (bucket, customer_id, unit_id, lot_id)
where granted is distinct from came - case when origin = 4 then 0 else returned end
    or remaining is distinct from came - went or remaining < 0
""",
    ),
    Check(
        "lot_floor",
        "No lot was below zero after any transaction of its history.",
        """
select bucket, customer_id, (array_agg(operation_id))[1:10] as operations,
    format('unit %s, lot %s: %s', unit_id, lot_id, min(left_over)) as words
from (
    select bucket, customer_id, unit_id, lot_id, operation_id, sum(change) over (
        partition by bucket, customer_id, unit_id, lot_id order by began
    ) as left_over
    from (
        select bucket, customer_id, unit_id, lot_id, xact, max(operation_id::text)::uuid as operation_id,
            min(left(operation_id::text, 13)) as began,
            sum(case when credit = 1 then amount else -amount end) as change
        from postings where workspace_id = $1 and {owners} and lot_id <> 0
        group by bucket, customer_id, unit_id, lot_id, xact
    ) as transactions
) as history
where left_over < 0
group by bucket, customer_id, unit_id, lot_id
""",
    ),
    Check(
        "lot_expiry",
        "Nothing remains in a lot that expired more than an hour ago, in business time.",
        """
select bucket, customer_id, null::uuid[] as operations,
    format('unit %s, lot %s: %s left since %s', unit_id, lot_id, remaining, expires_at) as words
from lots
where workspace_id = $1 and {owners} and remaining > 0 and expires_at < (
    select coalesce(case when sandbox then clock_at end, now()) - interval '1 hour'
    from workspaces where workspace_id = $1
)
""",
    ),
    Check(
        "expiry_on_time",
        "Points of a dated lot expire at their instant or when their timer ran, not before, and are not"
        " used at or after it.",
        """
select bucket, customer_id, array[operation_id] as operations,
    format('unit %s, lot %s: %s points into account %s at %s, lot expires at %s',
        unit_id, lot_id, amount, credit, at, expires_at) as words
from (
    select bucket, customer_id, unit_id, lot_id, operation_id, amount, credit, at
    from postings where workspace_id = $1 and {new} and debit = 1
) as used
join (
    select bucket, customer_id, unit_id, lot_id, expires_at
    from lots where workspace_id = $1 and {owners} and expires_at is not null
) as lot using (bucket, customer_id, unit_id, lot_id)
where (credit = 4 and at < expires_at) or (credit not in (4, 8) and at >= expires_at)
""",
    ),
    Check(
        "transit",
        "What is in transit sums to zero per unit: whatever left one owner or bucket arrived at another.",
        """
select null::int as bucket, null::uuid as customer_id,
    (array_agg(operation_id order by operation_id desc))[1:10] as operations,
    format('unit %s: %s on the way', unit_id, sum(case when credit = 7 then amount else -amount end)) as words
from postings
where workspace_id = $1 and (credit = 7 or debit = 7)
group by unit_id
having sum(case when credit = 7 then amount else -amount end) <> 0
""",
    ),
    Check(
        "conversions",
        "What was carried over between units is what is noted of its owner, at the declared rate, and no more"
        " came back; nothing else passes between units.",
        """
select coalesce(noted.bucket, moved.bucket) as bucket, coalesce(noted.customer_id, moved.customer_id),
    array[operation_id] as operations,
    format('noted %s, moved %s', noted.amounts, moved.amounts) as words
from (
    select bucket, customer_id, operation_id, array[taken, given,
        case when debts = 'carry' then debt else 0 end, owed] as amounts
    from (select * from conversion_owners where workspace_id = $1 and operation_id is not null) as owner
    join conversions on conversions.workspace_id = $1
        and conversions.conversion_id = owner.conversion_id
        and given = div(taken::numeric * give * case rounding when 'half_up' then 2 else 1 end
            + case rounding when 'half_up' then take when 'up' then take - 1 else 0 end,
            take * case rounding when 'half_up' then 2 else 1 end)
    union all
    select bucket, customer_id, back_operation_id, array[back_taken, back_given, null, null]
    from conversion_owners where workspace_id = $1 and back_operation_id is not null
) as noted
full join (
    select bucket, customer_id, operation_id, array[
        coalesce(sum(amount) filter (where debit = 1), 0), coalesce(sum(amount) filter (where credit = 1), 0),
        coalesce(sum(amount) filter (where credit = 6), 0), coalesce(sum(amount) filter (where debit = 6), 0)
    ]::bigint[] as amounts
    from postings where workspace_id = $1 and (debit = 10 or credit = 10)
    group by bucket, customer_id, operation_id
) as moved using (operation_id)
where not (
    coalesce(noted.amounts[1:2], '{0,0}') = coalesce(moved.amounts[1:2], '{0,0}')
    and (noted.amounts[3] is null or noted.amounts[3:4] = coalesce(moved.amounts[3:4], '{0,0}'))
    and (noted.amounts is not null)
    and coalesce((noted.bucket, noted.customer_id) = (moved.bucket, moved.customer_id), true)
)
""",
    ),
    Check(
        "taken_back",
        "Per unit, no more was taken back than was given.",
        """
select null::int as bucket, null::uuid as customer_id, null::uuid[] as operations,
    format('unit %s: %s', unit_id, sum(earned)) as words
from wallets
where workspace_id = $1
group by unit_id
having sum(earned) < 0
""",
    ),
    Check(
        "ledger_names",
        "Every unit and version that a posting, wallet or lot names exists in its workspace.",
        """
select bucket, customer_id, operations,
    format('unit %s, program %s, version %s', unit_id, program_id, version) as words
from (
    select bucket, customer_id, array[operation_id] as operations, unit_id, program_id::int, version
    from postings where workspace_id = $1 and {new}
    union all
    select bucket, customer_id, null, unit_id, null, null from wallets where workspace_id = $1 and {owners}
    union all
    select bucket, customer_id, null, unit_id, null, null from lots where workspace_id = $1 and {owners}
) as used
where not exists (
    select from units where units.workspace_id = $1 and units.unit_id = used.unit_id
) or (version is not null and not exists (
    select from program_versions
    where program_versions.workspace_id = $1 and program_versions.program_id = used.program_id
        and program_versions.version = used.version
))
""",
    ),
)
