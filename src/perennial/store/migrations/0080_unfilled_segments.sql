-- What a segment asks for is counted like what a version asks for, but is of no program; and a worker finds the
-- segments by which everybody is to be judged yet.
alter table backfills alter column program_id drop not null;
alter table backfills drop constraint backfills_check;
alter table backfills add constraint backfills_of_a_version
    check (state = 1 or program_id is null or version is not null);

create index segments_unfilled on segments (workspace_id) where not filled and deleted_at is null;
create policy segments_of_everybody on segments for select to perennial_dispatcher using (true);
grant select (workspace_id, filled, deleted_at) on segments to perennial_dispatcher;
