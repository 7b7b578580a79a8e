-- How far members are with challenges: one row per member, challenge and round. A round is numbered by its
-- calendar period, or from 1. States: 1 active, 2 completed, 3 missed, 4 reversed.
-- Every change counts the revision up, and names the one that it was made from. What is marked are, of a streak,
-- the periods that counted something, and what.
create table challenge_rounds (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    challenge bigint not null,
    round int not null,
    program_id int not null,
    state smallint not null check (state between 1 and 4),
    given int not null check (given >= 0),
    revision int not null check (revision >= revised),
    revised int not null check (revised >= 0),
    started_at timestamptz not null,
    ends_at timestamptz,
    completed_at timestamptz,
    amounts bigint[] not null,
    marked int[] not null,
    marks bigint[] not null check (cardinality(marks) = cardinality(marked)),
    primary key (bucket, workspace_id, customer_id, challenge, round)
);

create type challenge_round_row as (
    customer_id uuid,
    challenge bigint,
    round int,
    program_id int,
    state smallint,
    given int,
    revision int,
    revised int,
    started_at timestamptz,
    ends_at timestamptz,
    completed_at timestamptz,
    amounts bigint[],
    marked int[],
    marks bigint[]
);

alter table challenge_rounds enable row level security;
alter table challenge_rounds force row level security;
create policy challenge_rounds_of_workspace on challenge_rounds
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on challenge_rounds to perennial_worker;
grant update (program_id, state, given, revision, revised, started_at, ends_at, completed_at, amounts, marked,
    marks) on challenge_rounds to perennial_worker;
