-- Balances that are carried over into another unit: the conversions of a workspace, how far each bucket is, and
-- what was carried over of every owner of wallets. States of a conversion: 1 carrying over, 2 going back,
-- 3 canceled before it began.
create table conversions (
    workspace_id int not null,
    conversion_id uuid not null,
    external_id text not null,
    program_id int not null,
    unit_id int not null,
    into_unit_id int not null,
    take bigint not null check (take > 0),
    give bigint not null check (give > 0),
    rounding text not null,
    debts text not null,
    reason text not null,
    actor text not null,
    created_at timestamptz not null,
    starts_at timestamptz not null,
    state smallint not null check (state between 1 and 3),
    body bytea not null,
    primary key (workspace_id, conversion_id)
);

-- Owners are walked in the order of their ids, up to the cursor; then those that had to wait are tried again.
create table conversion_slices (
    bucket int not null,
    workspace_id int not null,
    conversion_id uuid not null,
    walked_to uuid,
    walked boolean not null,
    due_at timestamptz,
    primary key (bucket, workspace_id, conversion_id)
);
create index conversion_slices_due on conversion_slices (bucket, due_at) where due_at is not null;

-- One row per owner and conversion. States: 1 waiting for open holds, 2 converted, 3 refused, 4 reversed,
-- 5 waiting for open holds on the way back. The parts are those of each lot.
create table conversion_owners (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    conversion_id uuid not null,
    state smallint not null check (state between 1 and 5),
    reason text,
    operation_id uuid,
    back_operation_id uuid,
    taken bigint not null check (taken >= 0),
    given bigint not null check (given >= 0),
    debt bigint not null check (debt >= 0),
    owed bigint not null check (owed >= 0),
    shortfall bigint not null check (shortfall >= 0),
    short bigint not null check (short >= 0),
    back_taken bigint not null check (back_taken between 0 and given),
    back_given bigint not null check (back_given between 0 and taken),
    used bigint not null check (used between 0 and given),
    carried bytea not null,
    primary key (bucket, workspace_id, customer_id, conversion_id)
);
create index conversion_owners_in_state on conversion_owners (bucket, conversion_id, state, customer_id);

create type conversion_owner_row as (
    customer_id uuid,
    conversion_id uuid,
    state smallint,
    reason text,
    operation_id uuid,
    back_operation_id uuid,
    taken bigint,
    given bigint,
    debt bigint,
    owed bigint,
    shortfall bigint,
    short bigint,
    back_taken bigint,
    back_given bigint,
    used bigint,
    carried bytea
);

alter table conversions enable row level security;
alter table conversions force row level security;
create policy conversions_of_workspace on conversions
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on conversions to perennial_worker;
grant update (state) on conversions to perennial_worker;

alter table conversion_slices enable row level security;
alter table conversion_slices force row level security;
create policy conversion_slices_of_workspace on conversion_slices
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on conversion_slices to perennial_worker;
grant update (walked_to, walked, due_at) on conversion_slices to perennial_worker;
create policy conversion_slices_of_everybody on conversion_slices for select to perennial_dispatcher using (true);
grant select (bucket, workspace_id, due_at) on conversion_slices to perennial_dispatcher;

alter table conversion_owners enable row level security;
alter table conversion_owners force row level security;
create policy conversion_owners_of_workspace on conversion_owners
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on conversion_owners to perennial_worker;
grant update (state, reason, operation_id, back_operation_id, taken, given, debt, owed, shortfall, short,
    back_taken, back_given, used, carried) on conversion_owners to perennial_worker;
