-- Members who wait for a reward of which all is taken. States: 1 waits, 2 got it, 3 left the line, 4 could not
-- have it when it was their turn. Whoever joins a line and whoever claims the reward lock the budget of its stock
-- first, so that a ticket, the length of the line and what is free are seen together.
create table waits (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    wait_id uuid not null,
    program_id int not null,
    state smallint not null,
    ticket bigint not null check (ticket > 0),
    since timestamptz not null,
    changed_at timestamptz not null,
    asked_at timestamptz,
    external_id text not null,
    reward text not null,
    reason text,
    claim text,
    primary key (bucket, workspace_id, customer_id, wait_id),
    check (state <> 2 or claim is not null)
);
-- The database lets nobody stand in a line twice.
create unique index waits_once on waits (bucket, workspace_id, customer_id, program_id, reward) where state = 1;
create index waits_in_line on waits (workspace_id, program_id, reward, ticket, bucket) where state = 1;

alter table waits enable row level security;
alter table waits force row level security;
create policy waits_of_workspace on waits
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, delete on waits to perennial_worker;
grant update (state, changed_at, asked_at, reason, claim) on waits to perennial_worker;
create policy waits_of_everybody on waits for select to perennial_dispatcher using (true);
grant select (bucket, workspace_id, state) on waits to perennial_dispatcher;
