-- How the rows of a batch travel: one array of such rows per table, since an array per column costs
-- several times as much on either side. They are types of their own and not those of the tables, so that
-- a worker of the release before goes on while a table gets a new column.

create type order_row as (
    customer_id uuid,
    order_id uuid,
    operation_id uuid,
    status smallint,
    revision smallint,
    external_id text,
    net bigint,
    occurred_at timestamptz,
    paid_at timestamptz,
    recorded_at timestamptz,
    body bytea,
    decision bytea,
    answer bytea,
    returned int[]
);

create type event_row as (
    customer_id uuid,
    event_id uuid,
    operation_id uuid,
    kind smallint,
    external_id text,
    source_id uuid,
    occurred_at timestamptz,
    recorded_at timestamptz,
    body bytea,
    decision bytea,
    answer bytea
);

create type posting_row as (
    customer_id uuid,
    operation_id uuid,
    position smallint,
    debit smallint,
    credit smallint,
    program_id smallint,
    amount bigint,
    lot_id bigint,
    at timestamptz,
    unit_id int,
    version int,
    source_id uuid
);

create type tier_move_row as (
    customer_id uuid,
    operation_id uuid,
    position smallint,
    program_id int,
    version int,
    at timestamptz,
    tier_before text,
    tier_after text,
    because text
);

create type wallet_row as (
    customer_id uuid,
    unit_id int,
    balance bigint,
    pending bigint,
    debt bigint,
    shortfall bigint,
    earned bigint,
    spent bigint,
    expired bigint,
    activated_until timestamptz,
    active_at timestamptz
);

create type lot_row as (
    customer_id uuid,
    unit_id int,
    lot_id bigint,
    granted bigint,
    remaining bigint,
    origin smallint,
    available_at timestamptz,
    expires_at timestamptz,
    waits_for text
);

create type membership_row as (
    customer_id uuid,
    program_id int,
    joined_at timestamptz,
    source text,
    tier text,
    tier_since timestamptz,
    tier_until timestamptz,
    tier_floor text,
    left_at timestamptz
);

create type counter_row as (customer_id uuid, metric bigint, period int, value bigint);

create type limit_use_row as (customer_id uuid, limit_id bigint, period int, used bigint, cap bigint);

create type timer_row as (customer_id uuid, due_at timestamptz);

create type voucher_row as (
    customer_id uuid,
    voucher_id uuid,
    operation_id uuid,
    program_id int,
    version int,
    reward text,
    code text,
    value bigint,
    currency text,
    unit_id int,
    points bigint,
    state smallint,
    issued_at timestamptz,
    expires_at timestamptz
);
