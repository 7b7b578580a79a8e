-- Foundation: workspaces, programs, members, the ledger. See the design, section 12, for the rules
-- that every table keeps. One statement at a time; nothing here is specific to one engine.

create table installation (
    single boolean primary key default true check (single),
    generation int not null default 0 check (generation between 0 and 32767)
);
insert into installation default values;

create table workspaces (
    workspace_id int primary key,
    code text not null unique,
    name text not null,
    sandbox boolean not null,
    bucket_base int not null,
    bucket_count int not null check (bucket_count between 1 and 1024),
    revision bigint not null default 1,
    clock_at timestamptz,
    created_at timestamptz not null
);

create table api_keys (
    workspace_id int not null references workspaces,
    key_id uuid not null,
    secret_hash bytea not null unique,
    name text not null,
    prefix text not null,
    scopes text[] not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    primary key (workspace_id, key_id)
);

create table programs (
    workspace_id int not null references workspaces,
    program_id int not null check (program_id between 1 and 32767),
    code text not null,
    draft text,
    draft_revision int not null default 0,
    created_at timestamptz not null,
    primary key (workspace_id, program_id),
    unique (workspace_id, code)
);

create table program_parts (
    workspace_id int not null references workspaces,
    digest bytea not null,
    body text not null,
    primary key (workspace_id, digest)
);

create table program_versions (
    workspace_id int not null,
    program_id int not null,
    version int not null,
    parts jsonb not null,
    valid_from timestamptz not null,
    published_at timestamptz not null,
    actor text not null,
    note text not null default '',
    primary key (workspace_id, program_id, version),
    foreign key (workspace_id, program_id) references programs
);

create table units (
    workspace_id int not null references workspaces,
    unit_id int not null,
    program_id int not null,
    code text not null,
    primary key (workspace_id, unit_id),
    unique (workspace_id, program_id, code)
);

create table audit_entries (
    workspace_id int not null references workspaces,
    entry_id uuid not null,
    at timestamptz not null,
    actor text not null,
    action text not null,
    object text not null,
    reason text,
    before jsonb,
    after jsonb,
    primary key (workspace_id, entry_id)
);

-- Which customer a caller's own id belongs to. The hash is the internal id of the order or event.
create table external_ids (
    workspace_id int not null,
    kind smallint not null,
    bucket int not null,
    id_hash uuid not null,
    customer_id uuid not null,
    primary key (workspace_id, kind, id_hash)
);

-- Everybody whom a workspace knows, joined or not, and the households that pool wallets.
create table customers (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    household_id uuid,
    created_at timestamptz not null,
    erased_at timestamptz,
    external_id text not null,
    attributes jsonb not null default '{}',
    primary key (bucket, workspace_id, customer_id)
);

-- A lower bound of the next due instant of each customer; no row: nothing is due.
create table timers (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    due_at timestamptz not null,
    primary key (bucket, workspace_id, customer_id)
);
-- Partial, although its condition always holds: so a look-up by customer cannot use it. A planner without
-- statistics would, and read the whole bucket. Who asks for what is due repeats the condition.
create index timers_due on timers (bucket, due_at) where due_at > '-infinity';

create table memberships (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    program_id int not null,
    joined_at timestamptz not null,
    source text not null,
    tier text,
    tier_since timestamptz,
    tier_until timestamptz,
    tier_floor text,
    left_at timestamptz,
    primary key (bucket, workspace_id, customer_id, program_id)
);

create table tier_moves (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    operation_id uuid not null,
    position smallint not null,
    program_id int not null,
    version int not null,
    at timestamptz not null,
    xact bigint not null,
    tier_before text,
    tier_after text,
    because text not null,
    primary key (bucket, workspace_id, customer_id, operation_id, position)
);
create index tier_moves_xact on tier_moves using brin (xact);

-- The customer of wallets, lots and postings is the owner: the customer, or the household.
create table wallets (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    balance bigint not null check (balance >= 0),
    pending bigint not null check (pending >= 0),
    debt bigint not null check (debt >= 0),
    shortfall bigint not null check (shortfall >= 0),
    earned bigint not null,
    spent bigint not null,
    expired bigint not null,
    activated_until timestamptz not null,
    active_at timestamptz,
    unit_id int not null,
    primary key (bucket, workspace_id, customer_id, unit_id),
    check (pending <= balance)
);

create table lots (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    lot_id bigint not null,
    granted bigint not null,
    remaining bigint not null check (remaining >= 0),
    available_at timestamptz,
    expires_at timestamptz,
    unit_id int not null,
    origin smallint not null,
    waits_for text,
    primary key (bucket, workspace_id, customer_id, unit_id, lot_id),
    check (remaining <= granted)
);

-- One row is one balanced movement: amount leaves the account debit and enters the account credit.
create table postings (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    operation_id uuid not null,
    position smallint not null,
    debit smallint not null,
    credit smallint not null,
    program_id smallint not null,
    amount bigint not null check (amount > 0),
    lot_id bigint not null,
    at timestamptz not null,
    xact bigint not null,
    unit_id int not null,
    version int not null,
    source_id uuid not null,
    primary key (bucket, workspace_id, customer_id, operation_id, position),
    check (debit <> credit)
);
create index postings_xact on postings using brin (xact);

create table orders (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    order_id uuid not null,
    operation_id uuid not null,
    net bigint not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    paid_at timestamptz,
    status smallint not null,
    revision smallint not null,
    external_id text not null,
    body bytea not null,
    decision bytea not null,
    answer bytea not null,
    returned int[],
    primary key (bucket, workspace_id, customer_id, order_id)
);

-- Everything else that happens once: returns, custom events, claims, adjustments, timers that ran.
create table events (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    event_id uuid not null,
    operation_id uuid not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    source_id uuid,
    kind smallint not null,
    external_id text not null,
    body bytea not null,
    decision bytea not null,
    answer bytea not null,
    primary key (bucket, workspace_id, customer_id, event_id)
);

create table counters (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    metric bigint not null,
    value bigint not null,
    period int not null,
    primary key (bucket, workspace_id, customer_id, metric, period)
);

-- What one member has used of a limit; for a cooldown: when its rule fired last, without a cap.
create table limit_uses (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    limit_id bigint not null,
    used bigint not null check (used >= 0),
    cap bigint,
    period int not null,
    primary key (bucket, workspace_id, customer_id, limit_id, period),
    check (used <= cap)
);

-- What everybody together has used. Tiny and hot: the counter row is locked by every batch.
create table budgets (
    workspace_id int not null,
    budget_id bigint not null,
    period int not null,
    used bigint not null check (used >= 0),
    cap bigint not null,
    primary key (workspace_id, budget_id, period),
    check (used <= cap)
);

create table vouchers (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    voucher_id uuid not null,
    operation_id uuid not null,
    program_id int not null,
    version int not null,
    value bigint not null check (value >= 0),
    points bigint not null,
    issued_at timestamptz not null,
    expires_at timestamptz,
    unit_id int not null,
    state smallint not null,
    reward text not null,
    code text not null,
    currency text not null,
    primary key (bucket, workspace_id, customer_id, voucher_id)
);

create table voucher_codes (
    workspace_id int not null,
    bucket int not null,
    code_hash uuid not null,
    customer_id uuid not null,
    voucher_id uuid not null,
    primary key (workspace_id, code_hash)
);

-- The sealed history of a bucket: blocks of transactions, each chained to the one before.
create table seals (
    bucket int not null,
    workspace_id int not null,
    block int not null,
    from_xact bigint not null,
    to_xact bigint not null,
    operations int not null,
    postings int not null,
    tier_moves int not null,
    previous bytea not null,
    hash bytea not null,
    sealed_at timestamptz not null,
    primary key (bucket, workspace_id, block),
    check (from_xact < to_xact)
);

create table leases (
    bucket int not null,
    workspace_id int not null,
    name text not null,
    holder uuid not null,
    until timestamptz not null,
    primary key (bucket, workspace_id, name)
);
