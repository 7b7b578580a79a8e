-- Messages to customers: what a decision said is to be sent, and what became of it. States: 1 waits, 2 is being sent,
-- 3 was sent, 4 was not to be sent, 5 could not be sent, 6 came too late. To whom it goes and what it says is worked
-- out as it is sent, and stored nowhere. Who sends holds a row until an instant of wall time: if that ends, another
-- one tries.
create table messages (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    message_id uuid not null,
    operation_id uuid not null,
    source_id uuid not null,
    program_id int not null,
    version int not null,
    caused_at timestamptz not null,
    due_at timestamptz not null,
    until timestamptz not null,
    held_until timestamptz,
    ended_at timestamptz,
    state smallint not null,
    attempts smallint not null,
    message text not null,
    channel text not null,
    reason text,
    primary key (bucket, workspace_id, customer_id, message_id),
    check (state in (1, 2) or ended_at is not null)
);
-- Who asks for what is due repeats the condition, as with timers.
create index messages_due on messages (bucket, workspace_id, due_at) where state in (1, 2);

create type message_row as (
    customer_id uuid,
    message_id uuid,
    operation_id uuid,
    source_id uuid,
    program_id int,
    version int,
    caused_at timestamptz,
    due_at timestamptz,
    until timestamptz,
    state smallint,
    attempts smallint,
    message text,
    channel text
);

alter table messages enable row level security;
alter table messages force row level security;
create policy messages_of_workspace on messages
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, delete on messages to perennial_worker;
grant update (state, attempts, due_at, held_until, ended_at, reason) on messages to perennial_worker;
create policy messages_of_the_erased on messages as restrictive for delete
    using (exists (
        select from customers
        where customers.bucket = messages.bucket and customers.workspace_id = messages.workspace_id
            and customers.customer_id = messages.customer_id and customers.erased_at is not null
            and customers.workspace_id = (select nullif(current_setting('app.workspace', true), '')::int)
    ));

create policy messages_of_everybody on messages for select to perennial_dispatcher using (true);
grant select (bucket, workspace_id, due_at, held_until, state) on messages to perennial_dispatcher;
