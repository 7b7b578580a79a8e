"""What must hold in the database itself: who may do what, which walls and guards stand, which types.

These checks read the catalog and do not depend on a workspace.
"""

from __future__ import annotations

from perennial.store.audits.invariant import Check

CATALOG = (
    Check(
        "immutable",
        "No role that serves may change or delete what has happened, but for the content of events, which"
        " `erasure` guards.",
        """
select null::int as bucket, null::uuid as customer_id, null::uuid[] as operations,
    format('%s may %s %s', role, privilege, history) as words
from unnest(array['perennial_worker', 'perennial_dispatcher']) as role
cross join unnest(array['UPDATE', 'DELETE', 'TRUNCATE']) as privilege
cross join unnest(array['postings', 'tier_moves', 'events', 'seals', 'audit_entries',
    'program_parts', 'program_versions']) as history
where has_table_privilege(role, history, privilege)
    or (privilege = 'UPDATE' and history <> 'events' and has_any_column_privilege(role, history, 'UPDATE'))
union all
select null, null, null, format('%s may change consent_records', role)
from unnest(array['perennial_worker', 'perennial_dispatcher']) as role
where has_any_column_privilege(role, 'consent_records', 'UPDATE')
    or has_table_privilege(role, 'consent_records', 'TRUNCATE')
union all
select null, null, null, format('%s may change %s of events', role, attname)
from unnest(array['perennial_worker', 'perennial_dispatcher']) as role
cross join pg_attribute
where attrelid = 'events'::regclass and attnum > 0 and not attisdropped
    and attname not in ('external_id', 'body', 'decision', 'answer')
    and has_column_privilege(role, attrelid, attnum, 'UPDATE')
""",
    ),
    Check(
        "walls",
        "Row-level security is on and forced for every table that has rows of a workspace.",
        """
select null::int as bucket, null::uuid as customer_id, null::uuid[] as operations,
    format('%s has no wall', pg_class.relname) as words
from pg_class
join pg_attribute on pg_attribute.attrelid = pg_class.oid and attname = 'workspace_id' and not attisdropped
where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
    and not (relrowsecurity and relforcerowsecurity)
""",
    ),
    Check(
        "erasure",
        "The database itself lets nobody blank an event or delete what counts of a customer, unless that"
        " customer was erased, and gives nobody who was erased a name again.",
        """
select null::int as bucket, null::uuid as customer_id, null::uuid[] as operations,
    format('%s lacks its guard', wanted.table_name) as words
from (values ('events', 'w'), ('counters', 'd'), ('limit_uses', 'd'),
    ('consents', 'd'), ('consent_records', 'd')) as wanted (table_name, command)
where not exists (
    select from pg_policy
    where polrelid = to_regclass(wanted.table_name) and polcmd::text = wanted.command and not polpermissive
        and polroles = array[0::oid] and pg_get_expr(polqual, polrelid) like '%erased_at IS NOT NULL%'
)
union all
select null, null, null, 'an erased customer may be given a name'
where not exists (
    select from pg_constraint
    where conrelid = 'customers'::regclass and contype = 'c' and convalidated
        and pg_get_constraintdef(oid) like 'CHECK (((erased_at IS NULL) OR (%'
)
""",
    ),
    Check(
        "roles",
        "The roles that serve are no superusers, pass no wall, own nothing and create nothing.",
        """
select null::int as bucket, null::uuid as customer_id, null::uuid[] as operations,
    format('%s is too powerful', rolname) as words
from pg_roles
where rolname in ('perennial_worker', 'perennial_dispatcher') and (
    rolsuper or rolbypassrls or rolcreatedb or rolcreaterole
    or has_schema_privilege(rolname, 'public', 'CREATE')
    or exists (select from pg_class where relowner = pg_roles.oid)
)
""",
    ),
    Check(
        "numbers",
        "Every amount is a bigint; no column is a floating-point or arbitrary number.",
        """
select null::int as bucket, null::uuid as customer_id, null::uuid[] as operations,
    format('%s.%s is %s', table_name, column_name, data_type) as words
from information_schema.columns
where table_schema = 'public' and (
    data_type in ('real', 'double precision', 'numeric', 'money')
    or (
        column_name in ('amount', 'balance', 'pending', 'debt', 'shortfall', 'earned', 'spent', 'expired',
            'granted', 'remaining', 'used', 'cap', 'net', 'value', 'points')
        and data_type <> 'bigint'
    )
)
""",
    ),
    Check(
        "guards",
        "The database itself refuses a floor or cap that would be broken: every guard is there and valid.",
        """
select null::int as bucket, null::uuid as customer_id, null::uuid[] as operations,
    format('%s lacks the guard %s', wanted.table_name, wanted.guard) as words
from (values
    ('wallets', '(balance >= 0)'), ('wallets', '(pending >= 0)'), ('wallets', '(pending <= balance)'),
    ('wallets', '(debt >= 0)'), ('wallets', '(shortfall >= 0)'), ('wallets', '(held >= 0)'),
    ('lots', '(remaining >= 0)'), ('lots', '(remaining <= granted)'),
    ('postings', '(amount > 0)'), ('postings', '(debit <> credit)'),
    ('limit_uses', '(used >= 0)'), ('limit_uses', '(used <= cap)'),
    ('budgets', '(used >= 0)'), ('budgets', '(used <= cap)'),
    ('vouchers', '(value >= 0)'), ('vouchers', '(used >= 0)'), ('vouchers', '(used <= uses)')
) as wanted (table_name, guard)
where not exists (
    select from pg_constraint
    where conrelid = to_regclass(wanted.table_name) and contype = 'c' and convalidated
        and pg_get_constraintdef(oid) = 'CHECK (' || wanted.guard || ')'
)
""",
    ),
)
