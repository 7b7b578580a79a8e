-- Drafts that are to be published at an instant of business time. A plan holds the digest of what the draft said
-- when it was made: another draft is not published. States: waiting, then published, failed, canceled, or
-- overtaken (another version was published first).
create table planned_versions (
    workspace_id int not null,
    plan_id uuid not null,
    program_id int not null,
    publish_at timestamptz not null,
    digest bytea not null,
    actor text not null,
    agreed boolean not null,
    despite_cases boolean not null,
    note text not null,
    planned_at timestamptz not null,
    state text not null,
    ended_at timestamptz,
    ended_by text,
    version int,
    problem bytea,
    primary key (workspace_id, plan_id),
    foreign key (workspace_id, program_id) references programs (workspace_id, program_id),
    check ((state = 'waiting') = (ended_at is null)),
    check (state <> 'published' or version is not null),
    check (version is null or state not in ('waiting', 'failed', 'canceled', 'overtaken'))
);
-- One program has one plan that waits: the database refuses a second one.
create unique index planned_versions_waiting on planned_versions (workspace_id, program_id)
    where state = 'waiting';
create index planned_versions_of_program on planned_versions (workspace_id, program_id, planned_at);

alter table planned_versions enable row level security;
alter table planned_versions force row level security;
create policy planned_versions_of_workspace on planned_versions
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on planned_versions to perennial_worker;
grant update (publish_at, digest, actor, agreed, despite_cases, note, planned_at, state, ended_at, ended_by, version,
    problem) on planned_versions to perennial_worker;
create policy planned_versions_of_everybody on planned_versions for select to perennial_dispatcher using (true);
grant select (workspace_id, publish_at, state) on planned_versions to perennial_dispatcher;
