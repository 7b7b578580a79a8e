-- Written by `make generate` from a migrated database. Change the migrations, not this file.

create type challenge_round_row as (
    customer_id uuid,
    challenge bigint,
    round integer,
    program_id integer,
    state smallint,
    given integer,
    revision integer,
    revised integer,
    started_at timestamp with time zone,
    ends_at timestamp with time zone,
    completed_at timestamp with time zone,
    amounts bigint[],
    marked integer[],
    marks bigint[],
    latest timestamp with time zone[],
    earned_points bigint[]
);

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

create type counter_row as (
    customer_id uuid,
    metric bigint,
    period integer,
    value bigint
);

create type entitlement_row as (
    customer_id uuid,
    entitlement_id uuid,
    operation_id uuid,
    program_id integer,
    version integer,
    kind text,
    reward text,
    name text,
    state smallint,
    amount bigint,
    currency text,
    quantity bigint,
    unit_id integer,
    points bigint,
    issued_at timestamp with time zone,
    changed_at timestamp with time zone,
    starts_at timestamp with time zone,
    expires_at timestamp with time zone,
    reference text,
    voucher_id uuid
);

create type event_row as (
    customer_id uuid,
    event_id uuid,
    operation_id uuid,
    kind smallint,
    external_id text,
    source_id uuid,
    occurred_at timestamp with time zone,
    recorded_at timestamp with time zone,
    body bytea,
    decision bytea,
    answer bytea
);

create type exposure_row as (
    customer_id uuid,
    program_id integer,
    version integer,
    operation_id uuid,
    exposed_at timestamp with time zone,
    experiment text,
    variant text
);

create type identifier_row as (
    customer_id uuid,
    id_hash uuid,
    type text,
    given text
);

create type limit_use_row as (
    customer_id uuid,
    limit_id bigint,
    period integer,
    used bigint,
    cap bigint
);

create type lot_row as (
    customer_id uuid,
    unit_id integer,
    lot_id bigint,
    granted bigint,
    remaining bigint,
    origin smallint,
    available_at timestamp with time zone,
    expires_at timestamp with time zone,
    waits_for text
);

create type membership_row as (
    customer_id uuid,
    program_id integer,
    joined_at timestamp with time zone,
    source text,
    tier text,
    tier_since timestamp with time zone,
    tier_until timestamp with time zone,
    tier_floor text,
    left_at timestamp with time zone
);

create type message_row as (
    customer_id uuid,
    message_id uuid,
    operation_id uuid,
    source_id uuid,
    program_id integer,
    version integer,
    caused_at timestamp with time zone,
    due_at timestamp with time zone,
    until timestamp with time zone,
    state smallint,
    attempts smallint,
    message text,
    channel text
);

create type order_row as (
    customer_id uuid,
    order_id uuid,
    operation_id uuid,
    status smallint,
    revision smallint,
    external_id text,
    net bigint,
    occurred_at timestamp with time zone,
    paid_at timestamp with time zone,
    recorded_at timestamp with time zone,
    body bytea,
    decision bytea,
    answer bytea,
    returned integer[],
    currency text,
    cost bigint,
    returned_net bigint,
    returned_cost bigint,
    location text
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
    at timestamp with time zone,
    unit_id integer,
    version integer,
    source_id uuid
);

create type redemption_row as (
    customer_id uuid,
    redemption_id uuid,
    order_id uuid,
    held_until timestamp with time zone,
    state smallint,
    taken bytea,
    answer bytea,
    asked bytea
);

create type referral_row as (
    customer_id uuid,
    referral_id uuid,
    program_id integer,
    version integer,
    offer text,
    advocate_bucket integer,
    advocate_id uuid,
    state smallint,
    reason text,
    signals text[],
    approved boolean,
    undo boolean,
    attributed_at timestamp with time zone,
    deadline timestamp with time zone,
    progress uuid[],
    reached_at timestamp with time zone,
    source_id uuid,
    due_at timestamp with time zone,
    converted_at timestamp with time zone,
    ip_mark uuid,
    given bytea
);

create type segment_entry_row as (
    customer_id uuid,
    segment_id integer,
    entered_at timestamp with time zone,
    move_id uuid,
    told boolean
);

create type segment_member_row as (
    customer_id uuid,
    segment_id integer,
    entered_at timestamp with time zone
);

create type segment_move_row as (
    customer_id uuid,
    move_id uuid,
    segment_id integer,
    at timestamp with time zone,
    entered boolean,
    told boolean
);

create type tier_move_row as (
    customer_id uuid,
    operation_id uuid,
    position smallint,
    program_id integer,
    version integer,
    at timestamp with time zone,
    tier_before text,
    tier_after text,
    because text
);

create type timer_row as (
    customer_id uuid,
    due_at timestamp with time zone
);

create type voucher_row as (
    customer_id uuid,
    voucher_id uuid,
    operation_id uuid,
    program_id integer,
    version integer,
    reward text,
    sealed bytea,
    last4 text,
    value bigint,
    currency text,
    unit_id integer,
    points bigint,
    state smallint,
    issued_at timestamp with time zone,
    starts_at timestamp with time zone,
    expires_at timestamp with time zone,
    used bigint,
    uses bigint,
    bound boolean,
    batch_id uuid,
    referrer_id uuid,
    tier text
);

create type wallet_row as (
    customer_id uuid,
    unit_id integer,
    balance bigint,
    pending bigint,
    debt bigint,
    shortfall bigint,
    earned bigint,
    spent bigint,
    expired bigint,
    activated_until timestamp with time zone,
    active_at timestamp with time zone,
    held bigint
);

create table advocacies (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    referral_id uuid not null,
    friend_bucket integer not null,
    friend_id uuid not null,
    constraint advocacies_pkey PRIMARY KEY (bucket, workspace_id, customer_id, referral_id)
);

alter table advocacies enable row level security;
alter table advocacies force row level security;
create policy advocacies_of_the_merged on advocacies as restrictive for delete using ((EXISTS ( SELECT FROM merged_customers merged WHERE ((merged.bucket = advocacies.bucket) AND (merged.workspace_id = advocacies.workspace_id) AND (merged.customer_id = advocacies.customer_id) AND (merged.workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif"))))));
create policy advocacies_of_workspace on advocacies for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select on advocacies to perennial_worker;
grant update (friend_bucket, friend_id) on advocacies to perennial_worker;

create table api_keys (
    workspace_id integer not null,
    key_id uuid not null,
    secret_hash bytea not null,
    name text not null,
    prefix text not null,
    scopes text[] not null,
    created_at timestamp with time zone not null,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    constraint api_keys_pkey PRIMARY KEY (workspace_id, key_id),
    constraint api_keys_secret_hash_key UNIQUE (secret_hash),
    constraint api_keys_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id)
);

alter table api_keys enable row level security;
alter table api_keys force row level security;
create policy api_keys_of_everybody on api_keys for select using (true);
create policy api_keys_of_workspace on api_keys for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select, update on api_keys to perennial_worker;

create table approvals (
    workspace_id integer not null,
    approval_id uuid not null,
    kind text not null,
    object text not null,
    body bytea not null,
    summary jsonb not null,
    requested_by uuid not null,
    requested_actor text not null,
    requested_at timestamp with time zone not null,
    state text not null,
    decided_by uuid,
    decided_actor text,
    decided_at timestamp with time zone,
    reason text,
    answer bytea,
    constraint approvals_pkey PRIMARY KEY (workspace_id, approval_id),
    constraint approvals_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id),
    constraint approvals_check CHECK ((decided_by <> requested_by)),
    constraint approvals_check1 CHECK (((state = 'requested'::text) = (decided_by IS NULL)))
);

CREATE INDEX approvals_at ON approvals USING btree (workspace_id, requested_at, approval_id);
alter table approvals enable row level security;
alter table approvals force row level security;
create policy approvals_of_workspace on approvals for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on approvals to perennial_worker;
grant update (answer, body, decided_actor, decided_at, decided_by, reason, state, summary) on approvals to perennial_worker;

create table attribute_versions (
    workspace_id integer not null,
    version integer not null,
    document jsonb not null,
    published_at timestamp with time zone not null,
    actor text not null,
    constraint attribute_versions_pkey PRIMARY KEY (workspace_id, version),
    constraint attribute_versions_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id),
    constraint attribute_versions_version_check CHECK ((version > 0))
);

alter table attribute_versions enable row level security;
alter table attribute_versions force row level security;
create policy attribute_versions_of_workspace on attribute_versions for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on attribute_versions to perennial_worker;

create table audit_entries (
    workspace_id integer not null,
    entry_id uuid not null,
    at timestamp with time zone not null,
    actor text not null,
    action text not null,
    object text not null,
    reason text,
    before jsonb,
    after jsonb,
    constraint audit_entries_pkey PRIMARY KEY (workspace_id, entry_id),
    constraint audit_entries_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id)
);

CREATE INDEX audit_entries_at ON audit_entries USING btree (workspace_id, at, entry_id);
alter table audit_entries enable row level security;
alter table audit_entries force row level security;
create policy audit_entries_of_workspace on audit_entries for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on audit_entries to perennial_worker;

create table backfill_slices (
    bucket integer not null,
    workspace_id integer not null,
    backfill_id uuid not null,
    step smallint not null,
    walked_to uuid,
    counted bigint not null,
    recounted bigint not null,
    armed bigint not null,
    constraint backfill_slices_pkey PRIMARY KEY (bucket, workspace_id, backfill_id),
    constraint backfill_slices_armed_check CHECK ((armed >= 0)),
    constraint backfill_slices_counted_check CHECK ((counted >= 0)),
    constraint backfill_slices_recounted_check CHECK ((recounted >= 0)),
    constraint backfill_slices_step_check CHECK (((step >= 1) AND (step <= 4)))
);

alter table backfill_slices enable row level security;
alter table backfill_slices force row level security;
create policy backfill_slices_of_workspace on backfill_slices for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on backfill_slices to perennial_worker;
grant update (armed, counted, recounted, step, walked_to) on backfill_slices to perennial_worker;

create table backfills (
    workspace_id integer not null,
    backfill_id uuid not null,
    program_id integer,
    version integer,
    metrics bigint[] not null,
    since uuid not null,
    until uuid,
    arms_at timestamp with time zone,
    state smallint not null,
    started_at timestamp with time zone not null,
    seen_at timestamp with time zone not null,
    ended_at timestamp with time zone,
    constraint backfills_pkey PRIMARY KEY (workspace_id, backfill_id),
    constraint backfills_workspace_id_program_id_fkey FOREIGN KEY (workspace_id, program_id) REFERENCES programs(workspace_id, program_id),
    constraint backfills_check1 CHECK (((state < 3) OR (until IS NOT NULL))),
    constraint backfills_check2 CHECK (((state < 4) OR (ended_at IS NOT NULL))),
    constraint backfills_of_a_version CHECK (((state = 1) OR (program_id IS NULL) OR (version IS NOT NULL))),
    constraint backfills_state_check CHECK (((state >= 1) AND (state <= 4)))
);

CREATE INDEX backfills_of_program ON backfills USING btree (workspace_id, program_id, started_at);
CREATE INDEX backfills_open ON backfills USING btree (workspace_id) WHERE (state = ANY (ARRAY[2, 3]));
alter table backfills enable row level security;
alter table backfills force row level security;
create policy backfills_of_everybody on backfills for select to perennial_dispatcher using (true);
create policy backfills_of_workspace on backfills for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on backfills to perennial_worker;
grant select (state, workspace_id) on backfills to perennial_dispatcher;
grant update (arms_at, ended_at, seen_at, state, until, version) on backfills to perennial_worker;

create table brands (
    workspace_id integer not null,
    color integer not null,
    dark_color integer,
    constraint brands_pkey PRIMARY KEY (workspace_id),
    constraint brands_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id),
    constraint brands_color_check CHECK (((color >= 0) AND (color <= 16777215))),
    constraint brands_dark_color_check CHECK (((dark_color >= 0) AND (dark_color <= 16777215)))
);

alter table brands enable row level security;
alter table brands force row level security;
create policy brands_of_workspace on brands for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select, update on brands to perennial_worker;

create table budget_days (
    workspace_id integer not null,
    budget_id bigint not null,
    day integer not null,
    used bigint not null,
    constraint budget_days_pkey PRIMARY KEY (workspace_id, budget_id, day)
);

alter table budget_days enable row level security;
alter table budget_days force row level security;
create policy budget_days_of_workspace on budget_days for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select, update on budget_days to perennial_worker;

create table budgets (
    workspace_id integer not null,
    budget_id bigint not null,
    period integer not null,
    used bigint not null,
    cap bigint not null,
    limit_id bigint,
    holder text,
    constraint budgets_pkey PRIMARY KEY (workspace_id, budget_id, period),
    constraint budgets_check CHECK ((used <= cap)),
    constraint budgets_used_check CHECK ((used >= 0))
);

CREATE INDEX budgets_limit ON budgets USING btree (workspace_id, limit_id, period) WHERE (limit_id IS NOT NULL);
alter table budgets enable row level security;
alter table budgets force row level security;
create policy budgets_of_workspace on budgets for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select, update on budgets to perennial_worker;

create table challenge_rounds (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    challenge bigint not null,
    round integer not null,
    program_id integer not null,
    state smallint not null,
    given integer not null,
    revision integer not null,
    revised integer not null,
    started_at timestamp with time zone not null,
    ends_at timestamp with time zone,
    completed_at timestamp with time zone,
    amounts bigint[] not null,
    marked integer[] not null,
    marks bigint[] not null,
    latest timestamp with time zone[] not null default '{}'::timestamp with time zone[],
    earned_points bigint[] not null default '{}'::bigint[],
    constraint challenge_rounds_pkey PRIMARY KEY (bucket, workspace_id, customer_id, challenge, round),
    constraint challenge_rounds_check CHECK ((revision >= revised)),
    constraint challenge_rounds_check1 CHECK ((cardinality(marks) = cardinality(marked))),
    constraint challenge_rounds_given_check CHECK ((given >= 0)),
    constraint challenge_rounds_revised_check CHECK ((revised >= 0)),
    constraint challenge_rounds_state_check CHECK (((state >= 1) AND (state <= 4)))
);

alter table challenge_rounds enable row level security;
alter table challenge_rounds force row level security;
create policy challenge_rounds_of_the_erased on challenge_rounds as restrictive for delete using ((EXISTS ( SELECT FROM customers WHERE ((customers.bucket = challenge_rounds.bucket) AND (customers.workspace_id = challenge_rounds.workspace_id) AND (customers.customer_id = challenge_rounds.customer_id) AND (customers.erased_at IS NOT NULL) AND (customers.workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif"))))));
create policy challenge_rounds_of_workspace on challenge_rounds for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select on challenge_rounds to perennial_worker;
grant update (amounts, completed_at, earned_points, ends_at, given, latest, marked, marks, program_id, revised, revision, started_at, state) on challenge_rounds to perennial_worker;

create table consent_records (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    record_id uuid not null,
    channel text not null,
    purpose text not null,
    given boolean not null,
    at timestamp with time zone not null,
    recorded_at timestamp with time zone not null,
    source text not null,
    wording text,
    proof text,
    reason text,
    actor text not null,
    constraint consent_records_pkey PRIMARY KEY (bucket, workspace_id, customer_id, record_id)
);

alter table consent_records enable row level security;
alter table consent_records force row level security;
create policy consent_records_of_the_erased on consent_records as restrictive for delete using ((EXISTS ( SELECT FROM customers WHERE ((customers.bucket = consent_records.bucket) AND (customers.workspace_id = consent_records.workspace_id) AND (customers.customer_id = consent_records.customer_id) AND (customers.erased_at IS NOT NULL) AND (customers.workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif"))))));
create policy consent_records_of_workspace on consent_records for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select on consent_records to perennial_worker;

create table consents (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    channel text not null,
    purpose text not null,
    given boolean not null,
    at timestamp with time zone not null,
    record_id uuid not null,
    constraint consents_pkey PRIMARY KEY (bucket, workspace_id, customer_id, channel, purpose)
);

CREATE INDEX consents_purposes ON consents USING btree (bucket, workspace_id, purpose) WHERE (purpose <> ''::text);
alter table consents enable row level security;
alter table consents force row level security;
create policy consents_of_the_erased on consents as restrictive for delete using ((EXISTS ( SELECT FROM customers WHERE ((customers.bucket = consents.bucket) AND (customers.workspace_id = consents.workspace_id) AND (customers.customer_id = consents.customer_id) AND (customers.erased_at IS NOT NULL) AND (customers.workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif"))))));
create policy consents_of_workspace on consents for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select on consents to perennial_worker;
grant update (at, given, record_id) on consents to perennial_worker;

create table conversion_owners (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    conversion_id uuid not null,
    state smallint not null,
    reason text,
    operation_id uuid,
    back_operation_id uuid,
    taken bigint not null,
    given bigint not null,
    debt bigint not null,
    owed bigint not null,
    shortfall bigint not null,
    short bigint not null,
    back_taken bigint not null,
    back_given bigint not null,
    used bigint not null,
    carried bytea not null,
    constraint conversion_owners_pkey PRIMARY KEY (bucket, workspace_id, customer_id, conversion_id),
    constraint conversion_owners_check CHECK (((back_taken >= 0) AND (back_taken <= given))),
    constraint conversion_owners_check1 CHECK (((back_given >= 0) AND (back_given <= taken))),
    constraint conversion_owners_check2 CHECK (((used >= 0) AND (used <= given))),
    constraint conversion_owners_debt_check CHECK ((debt >= 0)),
    constraint conversion_owners_given_check CHECK ((given >= 0)),
    constraint conversion_owners_owed_check CHECK ((owed >= 0)),
    constraint conversion_owners_short_check CHECK ((short >= 0)),
    constraint conversion_owners_shortfall_check CHECK ((shortfall >= 0)),
    constraint conversion_owners_state_check CHECK (((state >= 1) AND (state <= 5))),
    constraint conversion_owners_taken_check CHECK ((taken >= 0))
);

CREATE INDEX conversion_owners_in_state ON conversion_owners USING btree (bucket, conversion_id, state, customer_id);
alter table conversion_owners enable row level security;
alter table conversion_owners force row level security;
create policy conversion_owners_of_workspace on conversion_owners for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on conversion_owners to perennial_worker;
grant update (back_given, back_operation_id, back_taken, carried, debt, given, operation_id, owed, reason, short, shortfall, state, taken, used) on conversion_owners to perennial_worker;

create table conversion_slices (
    bucket integer not null,
    workspace_id integer not null,
    conversion_id uuid not null,
    walked_to uuid,
    walked boolean not null,
    due_at timestamp with time zone,
    constraint conversion_slices_pkey PRIMARY KEY (bucket, workspace_id, conversion_id)
);

CREATE INDEX conversion_slices_due ON conversion_slices USING btree (bucket, due_at) WHERE (due_at IS NOT NULL);
alter table conversion_slices enable row level security;
alter table conversion_slices force row level security;
create policy conversion_slices_of_everybody on conversion_slices for select to perennial_dispatcher using (true);
create policy conversion_slices_of_workspace on conversion_slices for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on conversion_slices to perennial_worker;
grant select (bucket, due_at, workspace_id) on conversion_slices to perennial_dispatcher;
grant update (due_at, walked, walked_to) on conversion_slices to perennial_worker;

create table conversions (
    workspace_id integer not null,
    conversion_id uuid not null,
    external_id text not null,
    program_id integer not null,
    unit_id integer not null,
    into_unit_id integer not null,
    take bigint not null,
    give bigint not null,
    rounding text not null,
    debts text not null,
    reason text not null,
    actor text not null,
    created_at timestamp with time zone not null,
    starts_at timestamp with time zone not null,
    state smallint not null,
    body bytea not null,
    constraint conversions_pkey PRIMARY KEY (workspace_id, conversion_id),
    constraint conversions_give_check CHECK ((give > 0)),
    constraint conversions_state_check CHECK (((state >= 1) AND (state <= 3))),
    constraint conversions_take_check CHECK ((take > 0))
);

alter table conversions enable row level security;
alter table conversions force row level security;
create policy conversions_of_workspace on conversions for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on conversions to perennial_worker;
grant update (state) on conversions to perennial_worker;

create table counters (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    metric bigint not null,
    value bigint not null,
    period integer not null,
    constraint counters_pkey PRIMARY KEY (bucket, workspace_id, customer_id, metric, period)
);

alter table counters enable row level security;
alter table counters force row level security;
create policy counters_of_the_erased on counters as restrictive for delete using ((EXISTS ( SELECT FROM customers WHERE ((customers.bucket = counters.bucket) AND (customers.workspace_id = counters.workspace_id) AND (customers.customer_id = counters.customer_id) AND (customers.erased_at IS NOT NULL) AND (customers.workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif"))))));
create policy counters_of_workspace on counters for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select, update on counters to perennial_worker;

create table customer_marks (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    trace text not null,
    mark uuid not null,
    seen_at timestamp with time zone not null,
    constraint customer_marks_pkey PRIMARY KEY (bucket, workspace_id, customer_id, trace, mark)
);

alter table customer_marks enable row level security;
alter table customer_marks force row level security;
create policy customer_marks_of_workspace on customer_marks for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select on customer_marks to perennial_worker;

create table customer_notes (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    note_id uuid not null,
    at timestamp with time zone not null,
    actor text not null,
    body text not null,
    constraint customer_notes_pkey PRIMARY KEY (bucket, workspace_id, customer_id, note_id)
);

alter table customer_notes enable row level security;
alter table customer_notes force row level security;
create policy customer_notes_of_workspace on customer_notes for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select on customer_notes to perennial_worker;

create table customer_words (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    word text not null,
    constraint customer_words_pkey PRIMARY KEY (bucket, workspace_id, customer_id, word)
);

CREATE INDEX customer_words_begin ON customer_words USING btree (word, workspace_id, customer_id) INCLUDE (bucket);
alter table customer_words enable row level security;
alter table customer_words force row level security;
create policy customer_words_of_workspace on customer_words for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select on customer_words to perennial_worker;

create table customers (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    household_id uuid,
    created_at timestamp with time zone not null,
    erased_at timestamp with time zone,
    external_id text not null,
    attributes jsonb not null default '{}'::jsonb,
    blocked smallint,
    blocked_since timestamp with time zone,
    blocked_by text,
    block_reason text,
    constraint customers_pkey PRIMARY KEY (bucket, workspace_id, customer_id),
    constraint customers_block_check CHECK ((((blocked IS NULL) = (blocked_since IS NULL)) AND ((blocked IS NULL) = (blocked_by IS NULL)) AND ((blocked IS NULL) = (block_reason IS NULL)))),
    constraint customers_blocked_check CHECK (((blocked >= 1) AND (blocked <= 3))),
    constraint customers_erased_check CHECK (((erased_at IS NULL) OR ((external_id = ''::text) AND (attributes = '{}'::jsonb) AND (household_id IS NULL))))
);

CREATE INDEX customers_erased ON customers USING btree (bucket, workspace_id, customer_id) WHERE (erased_at IS NOT NULL);
CREATE INDEX customers_household ON customers USING btree (bucket, workspace_id, household_id) WHERE (household_id IS NOT NULL);
alter table customers enable row level security;
alter table customers force row level security;
create policy customers_of_workspace on customers for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select, update on customers to perennial_worker;

create table entitlements (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    entitlement_id uuid not null,
    operation_id uuid not null,
    program_id integer not null,
    version integer not null,
    amount bigint not null,
    quantity bigint not null,
    points bigint not null,
    issued_at timestamp with time zone not null,
    changed_at timestamp with time zone not null,
    starts_at timestamp with time zone,
    expires_at timestamp with time zone,
    unit_id integer not null,
    state smallint not null,
    kind text not null,
    reward text not null,
    name text not null,
    currency text,
    reference text,
    voucher_id uuid,
    constraint entitlements_pkey PRIMARY KEY (bucket, workspace_id, customer_id, entitlement_id),
    constraint entitlements_amount_check CHECK ((amount >= 0)),
    constraint entitlements_points_check CHECK ((points >= 0)),
    constraint entitlements_quantity_check CHECK ((quantity > 0))
);

CREATE INDEX entitlements_undone ON entitlements USING btree (bucket, issued_at, entitlement_id) WHERE (state = ANY (ARRAY[2, 4, 5, 7]));
alter table entitlements enable row level security;
alter table entitlements force row level security;
create policy entitlements_of_the_merged on entitlements as restrictive for delete using ((EXISTS ( SELECT FROM merged_customers merged WHERE ((merged.bucket = entitlements.bucket) AND (merged.workspace_id = entitlements.workspace_id) AND (merged.customer_id = entitlements.customer_id) AND (merged.workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif"))))));
create policy entitlements_of_workspace on entitlements for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select on entitlements to perennial_worker;
grant update (changed_at, reference, state) on entitlements to perennial_worker;

create table events (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    event_id uuid not null,
    operation_id uuid not null,
    occurred_at timestamp with time zone not null,
    recorded_at timestamp with time zone not null,
    source_id uuid,
    kind smallint not null,
    external_id text not null,
    body bytea not null,
    decision bytea not null,
    answer bytea not null,
    constraint events_pkey PRIMARY KEY (bucket, workspace_id, customer_id, event_id)
);

alter table events enable row level security;
alter table events force row level security;
create policy events_are_blanked on events as restrictive for update using (((kind = ANY (ARRAY[6, 13])) OR (EXISTS ( SELECT FROM customers WHERE ((customers.bucket = events.bucket) AND (customers.workspace_id = events.workspace_id) AND (customers.customer_id = events.customer_id) AND (customers.erased_at IS NOT NULL) AND (customers.workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif"))))))) with check (((external_id = ''::text) AND (body = '\x'::bytea) AND (answer = '\x'::bytea) AND ((decision = '\x'::bytea) OR (kind = ANY (ARRAY[6, 13]))) AND (workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif"))));
create policy events_of_workspace on events for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on events to perennial_worker;
grant update (answer, body, decision, external_id) on events to perennial_worker;

create table exposures (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    program_id integer not null,
    version integer not null,
    operation_id uuid not null,
    exposed_at timestamp with time zone not null,
    experiment text not null,
    variant text not null,
    constraint exposures_pkey PRIMARY KEY (bucket, workspace_id, customer_id, program_id, experiment)
);

alter table exposures enable row level security;
alter table exposures force row level security;
create policy exposures_of_the_merged on exposures as restrictive for delete using ((EXISTS ( SELECT FROM merged_customers merged WHERE ((merged.bucket = exposures.bucket) AND (merged.workspace_id = exposures.workspace_id) AND (merged.customer_id = exposures.customer_id) AND (merged.workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif"))))));
create policy exposures_of_workspace on exposures for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select on exposures to perennial_worker;

create table external_ids (
    workspace_id integer not null,
    kind smallint not null,
    bucket integer not null,
    id_hash uuid not null,
    customer_id uuid not null,
    constraint external_ids_pkey PRIMARY KEY (workspace_id, kind, id_hash)
);

alter table external_ids enable row level security;
alter table external_ids force row level security;
create policy external_ids_of_workspace on external_ids for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select, update on external_ids to perennial_worker;

create table guest_redemptions (
    workspace_id integer not null,
    order_id uuid not null,
    bucket integer not null,
    redemption_id uuid not null,
    constraint guest_redemptions_pkey PRIMARY KEY (workspace_id, order_id, redemption_id)
);

alter table guest_redemptions enable row level security;
alter table guest_redemptions force row level security;
create policy guest_redemptions_of_workspace on guest_redemptions for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on guest_redemptions to perennial_worker;

create table identifiers (
    workspace_id integer not null,
    bucket integer not null,
    id_hash uuid not null,
    customer_id uuid not null,
    type text not null,
    given text not null,
    constraint identifiers_pkey PRIMARY KEY (workspace_id, id_hash)
);

CREATE INDEX identifiers_customer ON identifiers USING btree (bucket, customer_id);
alter table identifiers enable row level security;
alter table identifiers force row level security;
create policy identifiers_of_workspace on identifiers for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select on identifiers to perennial_worker;

create table installation (
    single boolean not null default true,
    generation integer not null default 0,
    secret_fingerprint bytea,
    constraint installation_pkey PRIMARY KEY (single),
    constraint installation_generation_check CHECK (((generation >= 0) AND (generation <= 32767))),
    constraint installation_single_check CHECK (single)
);

grant select on installation to perennial_worker;

create table invitations (
    workspace_id integer not null,
    invitation_id uuid not null,
    token_hash bytea not null,
    email text not null,
    role text not null,
    actor text not null,
    created_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    constraint invitations_pkey PRIMARY KEY (workspace_id, invitation_id),
    constraint invitations_token_hash_key UNIQUE (token_hash),
    constraint invitations_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id)
);

alter table invitations enable row level security;
alter table invitations force row level security;
create policy invitations_of_everybody on invitations for select using (true);
create policy invitations_of_workspace on invitations for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select, update on invitations to perennial_worker;

create table leases (
    bucket integer not null,
    workspace_id integer not null,
    name text not null,
    holder uuid not null,
    until timestamp with time zone not null,
    constraint leases_pkey PRIMARY KEY (bucket, workspace_id, name)
);

alter table leases enable row level security;
alter table leases force row level security;
create policy leases_of_workspace on leases for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select, update on leases to perennial_worker;

create table limit_uses (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    limit_id bigint not null,
    used bigint not null,
    cap bigint,
    period integer not null,
    constraint limit_uses_pkey PRIMARY KEY (bucket, workspace_id, customer_id, limit_id, period),
    constraint limit_uses_check CHECK ((used <= cap)),
    constraint limit_uses_used_check CHECK ((used >= 0))
);

alter table limit_uses enable row level security;
alter table limit_uses force row level security;
create policy limit_uses_of_the_erased on limit_uses as restrictive for delete using ((EXISTS ( SELECT FROM customers WHERE ((customers.bucket = limit_uses.bucket) AND (customers.workspace_id = limit_uses.workspace_id) AND (customers.customer_id = limit_uses.customer_id) AND (customers.erased_at IS NOT NULL) AND (customers.workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif"))))));
create policy limit_uses_of_workspace on limit_uses for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select, update on limit_uses to perennial_worker;

create table locations (
    workspace_id integer not null,
    location_id text not null,
    attributes jsonb not null,
    constraint locations_pkey PRIMARY KEY (workspace_id, location_id),
    constraint locations_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id)
);

alter table locations enable row level security;
alter table locations force row level security;
create policy locations_of_workspace on locations for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select, update on locations to perennial_worker;

create table lots (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    lot_id bigint not null,
    granted bigint not null,
    remaining bigint not null,
    available_at timestamp with time zone,
    expires_at timestamp with time zone,
    unit_id integer not null,
    origin smallint not null,
    waits_for text,
    constraint lots_pkey PRIMARY KEY (bucket, workspace_id, customer_id, unit_id, lot_id),
    constraint lots_check CHECK ((remaining <= granted)),
    constraint lots_remaining_check CHECK ((remaining >= 0))
);

alter table lots enable row level security;
alter table lots force row level security;
create policy lots_of_workspace on lots for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select, update on lots to perennial_worker;

create table memberships (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    program_id integer not null,
    joined_at timestamp with time zone not null,
    source text not null,
    tier text,
    tier_since timestamp with time zone,
    tier_until timestamp with time zone,
    tier_floor text,
    left_at timestamp with time zone,
    constraint memberships_pkey PRIMARY KEY (bucket, workspace_id, customer_id, program_id)
);

alter table memberships enable row level security;
alter table memberships force row level security;
create policy memberships_of_the_merged on memberships as restrictive for delete using ((EXISTS ( SELECT FROM merged_customers merged WHERE ((merged.bucket = memberships.bucket) AND (merged.workspace_id = memberships.workspace_id) AND (merged.customer_id = memberships.customer_id) AND (merged.workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif"))))));
create policy memberships_of_workspace on memberships for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select, update on memberships to perennial_worker;

create table merged_customers (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    into_bucket integer not null,
    into_id uuid not null,
    constraint merged_customers_pkey PRIMARY KEY (bucket, workspace_id, customer_id),
    constraint merged_customers_check CHECK (((bucket <> into_bucket) OR (customer_id <> into_id)))
);

alter table merged_customers enable row level security;
alter table merged_customers force row level security;
create policy merged_customers_of_workspace on merged_customers for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on merged_customers to perennial_worker;

create table merges (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    merge_id uuid not null,
    absorbed_bucket integer not null,
    absorbed_id uuid not null,
    merged_at timestamp with time zone not null,
    external_id text not null,
    actor text not null,
    reason text not null,
    moved bytea not null,
    constraint merges_pkey PRIMARY KEY (bucket, workspace_id, customer_id, merge_id)
);

alter table merges enable row level security;
alter table merges force row level security;
create policy merges_of_workspace on merges for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select on merges to perennial_worker;

create table messages (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    message_id uuid not null,
    operation_id uuid not null,
    source_id uuid not null,
    program_id integer not null,
    version integer not null,
    caused_at timestamp with time zone not null,
    due_at timestamp with time zone not null,
    until timestamp with time zone not null,
    held_until timestamp with time zone,
    ended_at timestamp with time zone,
    state smallint not null,
    attempts smallint not null,
    message text not null,
    channel text not null,
    reason text,
    constraint messages_pkey PRIMARY KEY (bucket, workspace_id, customer_id, message_id),
    constraint messages_check CHECK (((state = ANY (ARRAY[1, 2])) OR (ended_at IS NOT NULL)))
);

CREATE INDEX messages_due ON messages USING btree (bucket, workspace_id, due_at) WHERE (state = ANY (ARRAY[1, 2]));
alter table messages enable row level security;
alter table messages force row level security;
create policy messages_of_everybody on messages for select to perennial_dispatcher using (true);
create policy messages_of_the_erased on messages as restrictive for delete using ((EXISTS ( SELECT FROM customers WHERE ((customers.bucket = messages.bucket) AND (customers.workspace_id = messages.workspace_id) AND (customers.customer_id = messages.customer_id) AND (customers.erased_at IS NOT NULL) AND (customers.workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif"))))));
create policy messages_of_workspace on messages for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select on messages to perennial_worker;
grant select (bucket, due_at, held_until, state, workspace_id) on messages to perennial_dispatcher;
grant update (attempts, due_at, ended_at, held_until, reason, state) on messages to perennial_worker;

create table orders (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    order_id uuid not null,
    operation_id uuid not null,
    net bigint not null,
    occurred_at timestamp with time zone not null,
    recorded_at timestamp with time zone not null,
    paid_at timestamp with time zone,
    status smallint not null,
    revision smallint not null,
    external_id text not null,
    body bytea not null,
    decision bytea not null,
    answer bytea not null,
    returned integer[],
    currency text,
    cost bigint,
    returned_net bigint,
    returned_cost bigint,
    location text,
    kept_by uuid,
    constraint orders_pkey PRIMARY KEY (bucket, workspace_id, customer_id, order_id)
);

alter table orders enable row level security;
alter table orders force row level security;
create policy orders_of_workspace on orders for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select, update on orders to perennial_worker;

create table planned_versions (
    workspace_id integer not null,
    plan_id uuid not null,
    program_id integer not null,
    publish_at timestamp with time zone not null,
    digest bytea not null,
    actor text not null,
    agreed boolean not null,
    despite_cases boolean not null,
    note text not null,
    planned_at timestamp with time zone not null,
    state text not null,
    ended_at timestamp with time zone,
    ended_by text,
    version integer,
    problem bytea,
    constraint planned_versions_pkey PRIMARY KEY (workspace_id, plan_id),
    constraint planned_versions_workspace_id_program_id_fkey FOREIGN KEY (workspace_id, program_id) REFERENCES programs(workspace_id, program_id),
    constraint planned_versions_check CHECK (((state = 'waiting'::text) = (ended_at IS NULL))),
    constraint planned_versions_check1 CHECK (((state <> 'published'::text) OR (version IS NOT NULL))),
    constraint planned_versions_check2 CHECK (((version IS NULL) OR (state <> ALL (ARRAY['waiting'::text, 'failed'::text, 'canceled'::text, 'overtaken'::text]))))
);

CREATE INDEX planned_versions_of_program ON planned_versions USING btree (workspace_id, program_id, planned_at);
CREATE UNIQUE INDEX planned_versions_waiting ON planned_versions USING btree (workspace_id, program_id) WHERE (state = 'waiting'::text);
alter table planned_versions enable row level security;
alter table planned_versions force row level security;
create policy planned_versions_of_everybody on planned_versions for select to perennial_dispatcher using (true);
create policy planned_versions_of_workspace on planned_versions for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on planned_versions to perennial_worker;
grant select (publish_at, state, workspace_id) on planned_versions to perennial_dispatcher;
grant update (actor, agreed, despite_cases, digest, ended_at, ended_by, note, planned_at, problem, publish_at, state, version) on planned_versions to perennial_worker;

create table postings (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    operation_id uuid not null,
    position smallint not null,
    debit smallint not null,
    credit smallint not null,
    program_id smallint not null,
    amount bigint not null,
    lot_id bigint not null,
    at timestamp with time zone not null,
    xact bigint not null,
    unit_id integer not null,
    version integer not null,
    source_id uuid not null,
    constraint postings_pkey PRIMARY KEY (bucket, workspace_id, customer_id, operation_id, "position"),
    constraint postings_amount_check CHECK ((amount > 0)),
    constraint postings_check CHECK ((debit <> credit))
);

CREATE INDEX postings_written ON postings USING btree (bucket, workspace_id, xact);
alter table postings enable row level security;
alter table postings force row level security;
create policy postings_of_workspace on postings for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on postings to perennial_worker;

create table program_parts (
    workspace_id integer not null,
    digest bytea not null,
    body text not null,
    constraint program_parts_pkey PRIMARY KEY (workspace_id, digest),
    constraint program_parts_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id)
);

alter table program_parts enable row level security;
alter table program_parts force row level security;
create policy program_parts_of_workspace on program_parts for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on program_parts to perennial_worker;

create table program_versions (
    workspace_id integer not null,
    program_id integer not null,
    version integer not null,
    parts jsonb not null,
    valid_from timestamp with time zone not null,
    published_at timestamp with time zone not null,
    actor text not null,
    note text not null default ''::text,
    constraint program_versions_pkey PRIMARY KEY (workspace_id, program_id, version),
    constraint program_versions_workspace_id_program_id_fkey FOREIGN KEY (workspace_id, program_id) REFERENCES programs(workspace_id, program_id)
);

alter table program_versions enable row level security;
alter table program_versions force row level security;
create policy program_versions_of_workspace on program_versions for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on program_versions to perennial_worker;

create table programs (
    workspace_id integer not null,
    program_id integer not null,
    code text not null,
    draft text,
    draft_revision integer not null default 0,
    created_at timestamp with time zone not null,
    constraint programs_pkey PRIMARY KEY (workspace_id, program_id),
    constraint programs_workspace_id_code_key UNIQUE (workspace_id, code),
    constraint programs_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id),
    constraint programs_program_id_check CHECK (((program_id >= 1) AND (program_id <= 32767)))
);

alter table programs enable row level security;
alter table programs force row level security;
create policy programs_of_workspace on programs for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select, update on programs to perennial_worker;

create table redemptions (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    redemption_id uuid not null,
    order_id uuid,
    held_until timestamp with time zone,
    state smallint not null,
    taken bytea not null,
    answer bytea not null,
    asked bytea,
    constraint redemptions_pkey PRIMARY KEY (bucket, workspace_id, customer_id, redemption_id)
);

CREATE INDEX redemptions_due ON redemptions USING btree (bucket, held_until) WHERE (state = 1);
CREATE INDEX redemptions_order ON redemptions USING btree (bucket, workspace_id, customer_id, order_id) WHERE (order_id IS NOT NULL);
alter table redemptions enable row level security;
alter table redemptions force row level security;
create policy redemptions_of_everybody on redemptions for select to perennial_dispatcher using (true);
create policy redemptions_of_the_merged on redemptions as restrictive for delete using ((EXISTS ( SELECT FROM merged_customers merged WHERE ((merged.bucket = redemptions.bucket) AND (merged.workspace_id = redemptions.workspace_id) AND (merged.customer_id = redemptions.customer_id) AND (merged.workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif"))))));
create policy redemptions_of_workspace on redemptions for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select, update on redemptions to perennial_worker;
grant select (bucket, held_until, state, workspace_id) on redemptions to perennial_dispatcher;

create table referral_codes (
    workspace_id integer not null,
    bucket integer not null,
    code_hash uuid not null,
    customer_id uuid not null,
    program_id integer not null,
    sealed bytea not null,
    created_at timestamp with time zone not null,
    constraint referral_codes_pkey PRIMARY KEY (workspace_id, code_hash)
);

CREATE INDEX referral_codes_customer ON referral_codes USING btree (bucket, customer_id);
alter table referral_codes enable row level security;
alter table referral_codes force row level security;
create policy referral_codes_of_workspace on referral_codes for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select on referral_codes to perennial_worker;

create table referrals (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    referral_id uuid not null,
    program_id integer not null,
    version integer not null,
    offer text not null,
    advocate_bucket integer not null,
    advocate_id uuid not null,
    state smallint not null,
    reason text,
    signals text[] not null,
    approved boolean not null,
    undo boolean not null,
    attributed_at timestamp with time zone not null,
    deadline timestamp with time zone,
    progress uuid[] not null,
    reached_at timestamp with time zone,
    source_id uuid,
    due_at timestamp with time zone,
    converted_at timestamp with time zone,
    ip_mark uuid,
    given bytea not null,
    constraint referrals_pkey PRIMARY KEY (bucket, workspace_id, customer_id, referral_id)
);

CREATE INDEX referrals_due ON referrals USING btree (bucket, due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX referrals_in_order ON referrals USING btree (bucket, attributed_at, referral_id);
CREATE INDEX referrals_of_place ON referrals USING btree (bucket, ip_mark, attributed_at) WHERE (ip_mark IS NOT NULL);
alter table referrals enable row level security;
alter table referrals force row level security;
create policy referrals_of_everybody on referrals for select to perennial_dispatcher using (true);
create policy referrals_of_the_merged on referrals as restrictive for delete using ((EXISTS ( SELECT FROM merged_customers merged WHERE ((merged.bucket = referrals.bucket) AND (merged.workspace_id = referrals.workspace_id) AND (merged.customer_id = referrals.customer_id) AND (merged.workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif"))))));
create policy referrals_of_workspace on referrals for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select, update on referrals to perennial_worker;
grant select (bucket, due_at, workspace_id) on referrals to perennial_dispatcher;

create table roles (
    workspace_id integer not null,
    role text not null,
    name text not null,
    scopes text[] not null,
    credit_most bigint,
    credit_per_day bigint,
    constraint roles_pkey PRIMARY KEY (workspace_id, role),
    constraint roles_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id),
    constraint roles_credit_most_check CHECK ((credit_most >= 0)),
    constraint roles_credit_per_day_check CHECK ((credit_per_day >= 0))
);

alter table roles enable row level security;
alter table roles force row level security;
create policy roles_of_everybody on roles for select using (true);
create policy roles_of_workspace on roles for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select, update on roles to perennial_worker;

create table schema_migrations (
    version integer not null,
    name text not null,
    checksum text not null,
    applied_at timestamp with time zone not null,
    constraint schema_migrations_pkey PRIMARY KEY (version)
);

grant select on schema_migrations to perennial_worker;

create table seals (
    bucket integer not null,
    workspace_id integer not null,
    block integer not null,
    from_xact bigint not null,
    to_xact bigint not null,
    operations integer not null,
    postings integer not null,
    tier_moves integer not null,
    previous bytea not null,
    hash bytea not null,
    sealed_at timestamp with time zone not null,
    constraint seals_pkey PRIMARY KEY (bucket, workspace_id, block),
    constraint seals_check CHECK ((from_xact < to_xact))
);

alter table seals enable row level security;
alter table seals force row level security;
create policy seals_of_workspace on seals for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on seals to perennial_worker;

create table segment_members (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    segment_id integer not null,
    entered_at timestamp with time zone not null,
    move_id uuid,
    told boolean not null default false,
    constraint segment_members_pkey PRIMARY KEY (bucket, workspace_id, customer_id, segment_id)
);

CREATE INDEX segment_members_entered ON segment_members USING btree (bucket, workspace_id, segment_id, entered_at, customer_id);
alter table segment_members enable row level security;
alter table segment_members force row level security;
create policy segment_members_of_workspace on segment_members for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select on segment_members to perennial_worker;

create table segment_moves (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    move_id uuid not null,
    segment_id integer not null,
    at timestamp with time zone not null,
    entered boolean not null,
    told boolean not null default false,
    constraint segment_moves_pkey PRIMARY KEY (bucket, workspace_id, customer_id, move_id)
);

CREATE INDEX segment_moves_of ON segment_moves USING btree (bucket, workspace_id, segment_id, at);
alter table segment_moves enable row level security;
alter table segment_moves force row level security;
create policy segment_moves_of_the_erased on segment_moves as restrictive for delete using ((EXISTS ( SELECT FROM customers WHERE ((customers.bucket = segment_moves.bucket) AND (customers.workspace_id = segment_moves.workspace_id) AND (customers.customer_id = segment_moves.customer_id) AND (customers.erased_at IS NOT NULL) AND (customers.workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif"))))));
create policy segment_moves_of_workspace on segment_moves for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select on segment_moves to perennial_worker;

create table segment_versions (
    workspace_id integer not null,
    segment_id integer not null,
    version integer not null,
    published_at timestamp with time zone not null,
    actor text not null,
    document jsonb not null,
    constraint segment_versions_pkey PRIMARY KEY (workspace_id, segment_id, version),
    constraint segment_versions_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id)
);

alter table segment_versions enable row level security;
alter table segment_versions force row level security;
create policy segment_versions_of_workspace on segment_versions for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on segment_versions to perennial_worker;

create table segments (
    workspace_id integer not null,
    segment_id integer not null,
    version integer not null,
    filled boolean not null,
    published_at timestamp with time zone not null,
    deleted_at timestamp with time zone,
    code text not null,
    document jsonb not null,
    stale boolean not null default false,
    constraint segments_pkey PRIMARY KEY (workspace_id, segment_id),
    constraint segments_workspace_id_code_key UNIQUE (workspace_id, code),
    constraint segments_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id)
);

CREATE INDEX segments_unsettled ON segments USING btree (workspace_id) WHERE (stale OR ((NOT filled) AND (deleted_at IS NULL)));
alter table segments enable row level security;
alter table segments force row level security;
create policy segments_of_everybody on segments for select to perennial_dispatcher using (true);
create policy segments_of_workspace on segments for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select, update on segments to perennial_worker;
grant select (deleted_at, filled, stale, workspace_id) on segments to perennial_dispatcher;

create table sign_in_steps (
    token_hash bytea not null,
    kind text not null,
    staff_id uuid,
    body bytea not null,
    expires_at timestamp with time zone not null,
    constraint sign_in_steps_pkey PRIMARY KEY (token_hash)
);

grant delete, insert, select on sign_in_steps to perennial_worker;

create table sign_in_tries (
    holder bytea not null,
    span bigint not null,
    tries integer not null,
    constraint sign_in_tries_pkey PRIMARY KEY (holder, span),
    constraint sign_in_tries_tries_check CHECK ((tries >= 0))
);

grant delete, insert, select, update on sign_in_tries to perennial_worker;

create table staff (
    staff_id uuid not null,
    email text not null,
    name text not null,
    created_at timestamp with time zone not null,
    disabled_at timestamp with time zone,
    password_hash text,
    totp_secret bytea,
    totp_confirmed_at timestamp with time zone,
    totp_step bigint not null default 0,
    constraint staff_pkey PRIMARY KEY (staff_id),
    constraint staff_email_key UNIQUE (email)
);

grant insert, select, update on staff to perennial_worker;

create table staff_credits (
    workspace_id integer not null,
    staff_id uuid not null,
    day integer not null,
    credited bigint not null,
    most bigint not null,
    constraint staff_credits_pkey PRIMARY KEY (workspace_id, staff_id, day),
    constraint staff_credits_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id),
    constraint staff_credits_check CHECK ((credited <= most)),
    constraint staff_credits_credited_check CHECK ((credited >= 0))
);

alter table staff_credits enable row level security;
alter table staff_credits force row level security;
create policy staff_credits_of_workspace on staff_credits for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select, update on staff_credits to perennial_worker;

create table staff_founding (
    single boolean not null default true,
    founded_at timestamp with time zone not null,
    constraint staff_founding_pkey PRIMARY KEY (single),
    constraint staff_founding_single_check CHECK (single)
);

grant insert, select on staff_founding to perennial_worker;

create table staff_identities (
    issuer text not null,
    subject text not null,
    staff_id uuid not null,
    linked_at timestamp with time zone not null,
    constraint staff_identities_pkey PRIMARY KEY (issuer, subject),
    constraint staff_identities_issuer_staff_id_key UNIQUE (issuer, staff_id),
    constraint staff_identities_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES staff(staff_id)
);

grant insert, select on staff_identities to perennial_worker;

create table staff_passkeys (
    credential_id bytea not null,
    staff_id uuid not null,
    public_key bytea not null,
    sign_count bigint not null,
    name text not null,
    created_at timestamp with time zone not null,
    used_at timestamp with time zone,
    constraint staff_passkeys_pkey PRIMARY KEY (credential_id),
    constraint staff_passkeys_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES staff(staff_id),
    constraint staff_passkeys_sign_count_check CHECK ((sign_count >= 0))
);

CREATE INDEX staff_passkeys_staff ON staff_passkeys USING btree (staff_id);
grant delete, insert, select, update on staff_passkeys to perennial_worker;

create table staff_recovery_codes (
    staff_id uuid not null,
    code_hash bytea not null,
    used_at timestamp with time zone,
    constraint staff_recovery_codes_pkey PRIMARY KEY (staff_id, code_hash),
    constraint staff_recovery_codes_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES staff(staff_id)
);

grant delete, insert, select, update on staff_recovery_codes to perennial_worker;

create table staff_roles (
    workspace_id integer not null,
    staff_id uuid not null,
    role text not null,
    granted_at timestamp with time zone not null,
    actor text not null,
    constraint staff_roles_pkey PRIMARY KEY (workspace_id, staff_id),
    constraint staff_roles_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES staff(staff_id),
    constraint staff_roles_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id)
);

CREATE INDEX staff_roles_staff ON staff_roles USING btree (staff_id);
alter table staff_roles enable row level security;
alter table staff_roles force row level security;
create policy staff_roles_of_everybody on staff_roles for select using (true);
create policy staff_roles_of_workspace on staff_roles for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select, update on staff_roles to perennial_worker;

create table staff_rules (
    workspace_id integer not null,
    second_factor boolean not null,
    two_to_publish boolean not null,
    two_to_credit_above bigint,
    constraint staff_rules_pkey PRIMARY KEY (workspace_id),
    constraint staff_rules_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id),
    constraint staff_rules_two_to_credit_above_check CHECK ((two_to_credit_above >= 0))
);

alter table staff_rules enable row level security;
alter table staff_rules force row level security;
create policy staff_rules_of_everybody on staff_rules for select using (true);
create policy staff_rules_of_workspace on staff_rules for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select, update on staff_rules to perennial_worker;

create table staff_sessions (
    session_id uuid not null,
    token_hash bytea not null,
    staff_id uuid not null,
    method text not null,
    strong boolean not null,
    current_workspace integer not null,
    agent text not null,
    created_at timestamp with time zone not null,
    seen_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    revoked_at timestamp with time zone,
    constraint staff_sessions_pkey PRIMARY KEY (session_id),
    constraint staff_sessions_token_hash_key UNIQUE (token_hash),
    constraint staff_sessions_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES staff(staff_id)
);

CREATE INDEX staff_sessions_staff ON staff_sessions USING btree (staff_id);
grant insert, select, update on staff_sessions to perennial_worker;

create table switches (
    workspace_id integer not null,
    kind text not null,
    program text not null,
    object_id text not null,
    off_at timestamp with time zone not null,
    reason text not null,
    actor text not null,
    constraint switches_pkey PRIMARY KEY (workspace_id, kind, program, object_id),
    constraint switches_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id),
    constraint switches_check CHECK (((object_id = ''::text) OR (program <> ''::text)))
);

alter table switches enable row level security;
alter table switches force row level security;
create policy switches_of_workspace on switches for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select, update on switches to perennial_worker;

create table tier_moves (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    operation_id uuid not null,
    position smallint not null,
    program_id integer not null,
    version integer not null,
    at timestamp with time zone not null,
    xact bigint not null,
    tier_before text,
    tier_after text,
    because text not null,
    constraint tier_moves_pkey PRIMARY KEY (bucket, workspace_id, customer_id, operation_id, "position")
);

CREATE INDEX tier_moves_written ON tier_moves USING btree (bucket, workspace_id, xact);
alter table tier_moves enable row level security;
alter table tier_moves force row level security;
create policy tier_moves_of_workspace on tier_moves for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on tier_moves to perennial_worker;

create table till_allowances (
    workspace_id integer not null,
    device_id uuid not null,
    allowance_id uuid not null,
    document bytea not null,
    body bytea not null,
    actor text not null,
    issued_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    max_points bigint not null,
    max_amount bigint not null,
    max_redemptions bigint not null,
    points bigint not null default 0,
    amount bigint not null default 0,
    redemptions bigint not null default 0,
    constraint till_allowances_pkey PRIMARY KEY (workspace_id, device_id, allowance_id),
    constraint till_allowances_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id),
    constraint till_allowances_check CHECK (((points >= 0) AND (points <= max_points))),
    constraint till_allowances_check1 CHECK (((amount >= 0) AND (amount <= max_amount))),
    constraint till_allowances_check2 CHECK (((redemptions >= 0) AND (redemptions <= max_redemptions)))
);

alter table till_allowances enable row level security;
alter table till_allowances force row level security;
create policy till_allowances_of_workspace on till_allowances for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on till_allowances to perennial_worker;
grant update (amount, points, redemptions) on till_allowances to perennial_worker;

create table till_devices (
    workspace_id integer not null,
    device_id uuid not null,
    external_id text not null,
    location text not null,
    name text not null,
    public_key bytea not null,
    actor text not null,
    created_at timestamp with time zone not null,
    last_sequence bigint not null default 0,
    blocked_since timestamp with time zone,
    blocked_at timestamp with time zone,
    blocked_by text,
    block_reason text,
    constraint till_devices_pkey PRIMARY KEY (workspace_id, device_id),
    constraint till_devices_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id),
    constraint till_devices_last_sequence_check CHECK ((last_sequence >= 0))
);

alter table till_devices enable row level security;
alter table till_devices force row level security;
create policy till_devices_of_workspace on till_devices for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on till_devices to perennial_worker;
grant update (block_reason, blocked_at, blocked_by, blocked_since, last_sequence) on till_devices to perennial_worker;

create table till_entries (
    workspace_id integer not null,
    device_id uuid not null,
    sequence bigint not null,
    allowance_id uuid not null,
    member_id uuid,
    body bytea not null,
    at timestamp with time zone not null,
    recorded_at timestamp with time zone not null,
    state text not null,
    points bigint not null,
    amount bigint not null,
    owed bigint not null,
    lost bigint not null,
    answer bytea not null,
    constraint till_entries_pkey PRIMARY KEY (workspace_id, device_id, sequence),
    constraint till_entries_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id),
    constraint till_entries_amount_check CHECK ((amount >= 0)),
    constraint till_entries_lost_check CHECK ((lost >= 0)),
    constraint till_entries_owed_check CHECK ((owed >= 0)),
    constraint till_entries_points_check CHECK ((points >= 0)),
    constraint till_entries_sequence_check CHECK ((sequence > 0))
);

CREATE INDEX till_entries_member ON till_entries USING btree (workspace_id, device_id, allowance_id, member_id) WHERE (member_id IS NOT NULL);
alter table till_entries enable row level security;
alter table till_entries force row level security;
create policy till_entries_of_workspace on till_entries for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on till_entries to perennial_worker;

create table timers (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    due_at timestamp with time zone not null,
    constraint timers_pkey PRIMARY KEY (bucket, workspace_id, customer_id)
);

CREATE INDEX timers_due ON timers USING btree (bucket, due_at) WHERE (due_at > '-infinity'::timestamp with time zone);
alter table timers enable row level security;
alter table timers force row level security;
create policy timers_of_everybody on timers for select to perennial_dispatcher using (true);
create policy timers_of_workspace on timers for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select, update on timers to perennial_worker;
grant select (bucket, due_at, workspace_id) on timers to perennial_dispatcher;

create table units (
    workspace_id integer not null,
    unit_id integer not null,
    program_id integer not null,
    code text not null,
    constraint units_pkey PRIMARY KEY (workspace_id, unit_id),
    constraint units_workspace_id_program_id_code_key UNIQUE (workspace_id, program_id, code),
    constraint units_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id)
);

alter table units enable row level security;
alter table units force row level security;
create policy units_of_workspace on units for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on units to perennial_worker;

create table voucher_batches (
    workspace_id integer not null,
    batch_id uuid not null,
    program_id integer not null,
    version integer not null,
    external_id text not null,
    reward text not null,
    actor text not null,
    imported boolean not null,
    made integer not null,
    created_at timestamp with time zone not null,
    starts_at timestamp with time zone,
    expires_at timestamp with time zone,
    body bytea not null,
    answer bytea not null,
    constraint voucher_batches_pkey PRIMARY KEY (workspace_id, batch_id),
    constraint voucher_batches_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(workspace_id),
    constraint voucher_batches_made_check CHECK ((made >= 0))
);

CREATE INDEX voucher_batches_latest ON voucher_batches USING btree (workspace_id, created_at, batch_id) WHERE (made >= 0);
CREATE INDEX voucher_batches_reward ON voucher_batches USING btree (workspace_id, program_id, reward) WHERE (made >= 0);
alter table voucher_batches enable row level security;
alter table voucher_batches force row level security;
create policy voucher_batches_of_workspace on voucher_batches for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select, update on voucher_batches to perennial_worker;

create table voucher_codes (
    workspace_id integer not null,
    bucket integer not null,
    code_hash uuid not null,
    customer_id uuid not null,
    voucher_id uuid not null,
    constraint voucher_codes_pkey PRIMARY KEY (workspace_id, code_hash)
);

alter table voucher_codes enable row level security;
alter table voucher_codes force row level security;
create policy voucher_codes_of_workspace on voucher_codes for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select on voucher_codes to perennial_worker;
grant update (bucket, customer_id) on voucher_codes to perennial_worker;

create table vouchers (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    voucher_id uuid not null,
    operation_id uuid not null,
    program_id integer not null,
    version integer not null,
    value bigint not null,
    points bigint not null,
    issued_at timestamp with time zone not null,
    expires_at timestamp with time zone,
    unit_id integer not null,
    state smallint not null,
    reward text not null,
    currency text not null,
    sealed bytea not null,
    last4 text not null,
    used bigint not null default 0,
    uses bigint,
    starts_at timestamp with time zone,
    bound boolean not null default false,
    batch_id uuid,
    referrer_id uuid,
    tier text,
    constraint vouchers_pkey PRIMARY KEY (bucket, workspace_id, customer_id, voucher_id),
    constraint vouchers_used_check CHECK ((used >= 0)),
    constraint vouchers_used_uses_check CHECK ((used <= uses)),
    constraint vouchers_uses_check CHECK ((uses > 0)),
    constraint vouchers_value_check CHECK ((value >= 0))
);

CREATE INDEX vouchers_closed ON vouchers USING btree (bucket, workspace_id, voucher_id) WHERE (state <> 1);
CREATE INDEX vouchers_pool ON vouchers USING btree (bucket, batch_id, ((customer_id = voucher_id)), voucher_id) WHERE (batch_id IS NOT NULL);
alter table vouchers set (fillfactor=90);
alter table vouchers enable row level security;
alter table vouchers force row level security;
create policy vouchers_of_nobody on vouchers as restrictive for delete using (((customer_id = voucher_id) AND (used = 0) AND (batch_id IS NOT NULL) AND (workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif"))));
create policy vouchers_of_workspace on vouchers for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select, update on vouchers to perennial_worker;

create table waits (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    wait_id uuid not null,
    program_id integer not null,
    state smallint not null,
    ticket bigint not null,
    since timestamp with time zone not null,
    changed_at timestamp with time zone not null,
    asked_at timestamp with time zone,
    external_id text not null,
    reward text not null,
    reason text,
    claim text,
    constraint waits_pkey PRIMARY KEY (bucket, workspace_id, customer_id, wait_id),
    constraint waits_check CHECK (((state <> 2) OR (claim IS NOT NULL))),
    constraint waits_ticket_check CHECK ((ticket > 0))
);

CREATE INDEX waits_in_line ON waits USING btree (workspace_id, program_id, reward, ticket, bucket) WHERE (state = 1);
CREATE UNIQUE INDEX waits_once ON waits USING btree (bucket, workspace_id, customer_id, program_id, reward) WHERE (state = 1);
alter table waits enable row level security;
alter table waits force row level security;
create policy waits_of_everybody on waits for select to perennial_dispatcher using (true);
create policy waits_of_workspace on waits for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant delete, insert, select on waits to perennial_worker;
grant select (bucket, state, workspace_id) on waits to perennial_dispatcher;
grant update (asked_at, changed_at, claim, reason, state) on waits to perennial_worker;

create table wallets (
    bucket integer not null,
    workspace_id integer not null,
    customer_id uuid not null,
    balance bigint not null,
    pending bigint not null,
    debt bigint not null,
    shortfall bigint not null,
    earned bigint not null,
    spent bigint not null,
    expired bigint not null,
    activated_until timestamp with time zone not null,
    active_at timestamp with time zone,
    unit_id integer not null,
    held bigint not null default 0,
    constraint wallets_pkey PRIMARY KEY (bucket, workspace_id, customer_id, unit_id),
    constraint wallets_balance_check CHECK ((balance >= 0)),
    constraint wallets_check CHECK ((pending <= balance)),
    constraint wallets_debt_check CHECK ((debt >= 0)),
    constraint wallets_held_check CHECK ((held >= 0)),
    constraint wallets_pending_check CHECK ((pending >= 0)),
    constraint wallets_shortfall_check CHECK ((shortfall >= 0))
);

alter table wallets enable row level security;
alter table wallets force row level security;
create policy wallets_of_workspace on wallets for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select, update on wallets to perennial_worker;

create table workspaces (
    workspace_id integer not null,
    code text not null,
    name text not null,
    sandbox boolean not null,
    bucket_base integer not null,
    bucket_count integer not null,
    revision bigint not null default 1,
    clock_at timestamp with time zone,
    created_at timestamp with time zone not null,
    constraint workspaces_pkey PRIMARY KEY (workspace_id),
    constraint workspaces_code_key UNIQUE (code),
    constraint workspaces_bucket_count_check CHECK (((bucket_count >= 1) AND (bucket_count <= 1024)))
);

alter table workspaces enable row level security;
alter table workspaces force row level security;
create policy workspaces_are_founded on workspaces for insert with check (true);
create policy workspaces_of_everybody on workspaces for select using (true);
create policy workspaces_of_workspace on workspaces for all using ((workspace_id = ( SELECT (NULLIF(current_setting('app.workspace'::text, true), ''::text))::integer AS "nullif")));
grant insert, select, update on workspaces to perennial_worker;
grant select (bucket_base, bucket_count, clock_at, workspace_id) on workspaces to perennial_dispatcher;
