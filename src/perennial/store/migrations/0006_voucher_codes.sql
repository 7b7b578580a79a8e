-- Codes that a copy of the database does not give away: found by a keyed hash, stored sealed, with their
-- last characters for people who are not to use them. The secret is kept outside the database; its
-- fingerprint here tells that it is another one before anything is done with it.
alter table installation add column secret_fingerprint bytea;

-- A voucher of nobody in particular (a bearer's) is its own customer, in the bucket of its code's hash. A
-- bound one is for its customer alone. Whoever is the referrer may not use it. Without uses: without end.
alter table vouchers drop column code;
alter table vouchers add column sealed bytea not null default '';
alter table vouchers alter column sealed drop default;
alter table vouchers add column last4 text not null default '';
alter table vouchers alter column last4 drop default;
alter table vouchers add column used bigint not null default 0 check (used >= 0);
alter table vouchers add column uses bigint check (uses > 0);
alter table vouchers add constraint vouchers_used_uses_check check (used <= uses);
alter table vouchers add column starts_at timestamptz;
alter table vouchers add column bound boolean not null default false;
alter table vouchers add column batch_id uuid;
alter table vouchers add column referrer_id uuid;

drop type voucher_row;
create type voucher_row as (
    customer_id uuid,
    voucher_id uuid,
    operation_id uuid,
    program_id int,
    version int,
    reward text,
    sealed bytea,
    last4 text,
    value bigint,
    currency text,
    unit_id int,
    points bigint,
    state smallint,
    issued_at timestamptz,
    starts_at timestamptz,
    expires_at timestamptz,
    used bigint,
    uses bigint,
    bound boolean,
    batch_id uuid,
    referrer_id uuid
);

-- The codes of a pool: first those that are still nobody's, each batch in the order of their hashes.
create index vouchers_pool on vouchers (bucket, batch_id, (customer_id = voucher_id), voucher_id)
    where batch_id is not null;

-- Codes that were made or imported together. What was asked for is kept as keyed hashes of its fields.
create table voucher_batches (
    workspace_id int not null references workspaces,
    batch_id uuid not null,
    program_id int not null,
    version int not null,
    external_id text not null,
    reward text not null,
    actor text not null,
    imported boolean not null,
    made int not null check (made >= 0),
    created_at timestamptz not null,
    starts_at timestamptz,
    expires_at timestamptz,
    body bytea not null,
    answer bytea not null,
    primary key (workspace_id, batch_id)
);

-- Partial, although their condition always holds: so a look-up of one batch cannot use them.
create index voucher_batches_latest on voucher_batches (workspace_id, created_at, batch_id) where made >= 0;
create index voucher_batches_reward on voucher_batches (workspace_id, program_id, reward) where made >= 0;

alter table voucher_batches enable row level security;
alter table voucher_batches force row level security;
create policy voucher_batches_of_workspace on voucher_batches
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on voucher_batches to perennial_worker;

-- A code of a pool that nobody has used yet moves to the member whom it is given to. Nothing else of a
-- voucher is ever deleted.
grant delete on vouchers to perennial_worker;
create policy vouchers_of_nobody on vouchers as restrictive for delete
    using (customer_id = voucher_id and used = 0 and batch_id is not null
        and workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant update (bucket, customer_id) on voucher_codes to perennial_worker;
