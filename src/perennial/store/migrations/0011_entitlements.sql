-- What members were given besides vouchers: money that is owed, goods, seats, perks; and what was given at
-- once, such as points. Found by its id in external_ids (kind 30), which tells bucket and customer.
create table entitlements (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    entitlement_id uuid not null,
    operation_id uuid not null,
    program_id int not null,
    version int not null,
    amount bigint not null check (amount >= 0),
    quantity bigint not null check (quantity > 0),
    points bigint not null check (points >= 0),
    issued_at timestamptz not null,
    changed_at timestamptz not null,
    starts_at timestamptz,
    expires_at timestamptz,
    unit_id int not null,
    state smallint not null,
    kind text not null,
    reward text not null,
    name text not null,
    currency text,
    reference text,
    primary key (bucket, workspace_id, customer_id, entitlement_id)
);

-- What is to be done, the oldest first: 2 is owed, 4 and 5 are on the way, 7 is held.
create index entitlements_undone on entitlements (bucket, issued_at, entitlement_id)
    where state in (2, 4, 5, 7);

create type entitlement_row as (
    customer_id uuid,
    entitlement_id uuid,
    operation_id uuid,
    program_id int,
    version int,
    kind text,
    reward text,
    name text,
    state smallint,
    amount bigint,
    currency text,
    quantity bigint,
    unit_id int,
    points bigint,
    issued_at timestamptz,
    changed_at timestamptz,
    starts_at timestamptz,
    expires_at timestamptz,
    reference text
);

alter table entitlements enable row level security;
alter table entitlements force row level security;
create policy entitlements_of_workspace on entitlements
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on entitlements to perennial_worker;
grant update (state, changed_at, reference) on entitlements to perennial_worker;

-- The tier for which a claimed voucher gives something else than for others.
alter table vouchers add column tier text;
alter type voucher_row add attribute tier text;
