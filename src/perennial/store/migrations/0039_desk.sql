-- The desk: what two people must want, what staff notes about members, and words by which members are found.

create table approvals (
    workspace_id int not null references workspaces,
    approval_id uuid not null,
    kind text not null,
    object text not null,
    body bytea not null,
    summary jsonb not null,
    requested_by uuid not null,
    requested_actor text not null,
    requested_at timestamptz not null,
    state text not null,
    decided_by uuid,
    decided_actor text,
    decided_at timestamptz,
    reason text,
    answer bytea,
    primary key (workspace_id, approval_id),
    check (decided_by <> requested_by),
    check ((state = 'requested') = (decided_by is null))
);
create index approvals_at on approvals (workspace_id, requested_at, approval_id);
alter table approvals enable row level security;
alter table approvals force row level security;
create policy approvals_of_workspace on approvals
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on approvals to perennial_worker;
-- What tells of a customer goes with the customer.
grant update (state, decided_by, decided_actor, decided_at, reason, answer, body, summary) on approvals
    to perennial_worker;

create table customer_notes (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    note_id uuid not null,
    at timestamptz not null,
    actor text not null,
    body text not null,
    primary key (bucket, workspace_id, customer_id, note_id)
);
alter table customer_notes enable row level security;
alter table customer_notes force row level security;
create policy customer_notes_of_workspace on customer_notes
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, delete on customer_notes to perennial_worker;

-- Each word by which a customer is found, folded: parts of names and of addresses, digits of numbers. They are
-- compared byte by byte, so that one range of the index holds everything that begins alike.
create table customer_words (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    word text collate "C" not null,
    primary key (bucket, workspace_id, customer_id, word)
);
create index customer_words_word on customer_words (word, workspace_id, customer_id);
alter table customer_words enable row level security;
alter table customer_words force row level security;
create policy customer_words_of_workspace on customer_words
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, delete on customer_words to perennial_worker;
