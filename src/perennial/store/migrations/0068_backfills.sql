-- What a publication has to do for customers beside writing the version: counters completed from the past, timers
-- armed anew. Written with the version, so that whoever finds it open takes it up. States: 1 preparing (the version
-- is not there yet), 2 waiting (for batches that began before it), 3 walking, 4 done.
-- Operations from `since` on, and before `until`, may have been counted by half.
create table backfills (
    workspace_id int not null,
    backfill_id uuid not null,
    program_id int not null,
    version int,
    metrics bigint[] not null,
    since uuid not null,
    until uuid,
    arms_at timestamptz,
    state smallint not null check (state between 1 and 4),
    started_at timestamptz not null,
    seen_at timestamptz not null,
    ended_at timestamptz,
    primary key (workspace_id, backfill_id),
    foreign key (workspace_id, program_id) references programs (workspace_id, program_id),
    check (state = 1 or version is not null),
    check (state < 3 or until is not null),
    check (state < 4 or ended_at is not null)
);
create index backfills_open on backfills (workspace_id) where state in (2, 3);
create index backfills_of_program on backfills (workspace_id, program_id, started_at);

-- How far each bucket is. Steps: 1 everybody is counted, 2 whoever changed meanwhile is counted again, 3 timers are
-- armed, 4 done. Customers are walked in the order of their ids, up to the cursor.
create table backfill_slices (
    bucket int not null,
    workspace_id int not null,
    backfill_id uuid not null,
    step smallint not null check (step between 1 and 4),
    walked_to uuid,
    counted bigint not null check (counted >= 0),
    recounted bigint not null check (recounted >= 0),
    armed bigint not null check (armed >= 0),
    primary key (bucket, workspace_id, backfill_id)
);

alter table backfills enable row level security;
alter table backfills force row level security;
create policy backfills_of_workspace on backfills
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on backfills to perennial_worker;
grant update (version, until, arms_at, state, seen_at, ended_at) on backfills to perennial_worker;
create policy backfills_of_everybody on backfills for select to perennial_dispatcher using (true);
grant select (workspace_id, state) on backfills to perennial_dispatcher;

alter table backfill_slices enable row level security;
alter table backfill_slices force row level security;
create policy backfill_slices_of_workspace on backfill_slices
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on backfill_slices to perennial_worker;
grant update (step, walked_to, counted, recounted, armed) on backfill_slices to perennial_worker;
