-- Switches: what was stopped at once, beside the published versions. A row says that something is off, and
-- is deleted when it is on again; who did either, when and why stays in audit_entries. No program and no
-- id are empty texts, so that the key covers everything, a whole program, and a part of one.
create table switches (
    workspace_id int not null references workspaces,
    kind text not null,
    program text not null,
    object_id text not null,
    off_at timestamptz not null,
    reason text not null,
    actor text not null,
    primary key (workspace_id, kind, program, object_id),
    check (object_id = '' or program <> '')
);

alter table switches enable row level security;
alter table switches force row level security;
create policy switches_of_workspace on switches
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update, delete on switches to perennial_worker;
