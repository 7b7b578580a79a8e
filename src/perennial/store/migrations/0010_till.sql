-- The devices of stores, what each may give while it is offline, and what it uploaded of that.
create table till_devices (
    workspace_id int not null references workspaces,
    device_id uuid not null,
    external_id text not null,
    location text not null,
    name text not null,
    public_key bytea not null,
    actor text not null,
    created_at timestamptz not null,
    last_sequence bigint not null default 0 check (last_sequence >= 0),
    primary key (workspace_id, device_id)
);

-- The signed document as the device has it, and what was granted under it: never more than its bounds.
create table till_allowances (
    workspace_id int not null references workspaces,
    device_id uuid not null,
    allowance_id uuid not null,
    document bytea not null,
    body bytea not null,
    actor text not null,
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    max_points bigint not null,
    max_amount bigint not null,
    max_redemptions bigint not null,
    points bigint not null default 0 check (points between 0 and max_points),
    amount bigint not null default 0 check (amount between 0 and max_amount),
    redemptions bigint not null default 0 check (redemptions between 0 and max_redemptions),
    primary key (workspace_id, device_id, allowance_id)
);

-- What a device uploaded, once per number. Of its words only a keyed hash is kept; the member's internal id
-- says nothing to who has only this.
create table till_entries (
    workspace_id int not null references workspaces,
    device_id uuid not null,
    sequence bigint not null check (sequence > 0),
    allowance_id uuid not null,
    member_id uuid,
    body bytea not null,
    at timestamptz not null,
    recorded_at timestamptz not null,
    state text not null,
    points bigint not null check (points >= 0),
    amount bigint not null check (amount >= 0),
    owed bigint not null check (owed >= 0),
    lost bigint not null check (lost >= 0),
    answer bytea not null,
    primary key (workspace_id, device_id, sequence)
);
create index till_entries_member on till_entries (workspace_id, device_id, allowance_id, member_id)
    where member_id is not null;

alter table till_devices enable row level security;
alter table till_devices force row level security;
create policy till_devices_of_workspace on till_devices
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on till_devices to perennial_worker;
grant update (last_sequence) on till_devices to perennial_worker;

alter table till_allowances enable row level security;
alter table till_allowances force row level security;
create policy till_allowances_of_workspace on till_allowances
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on till_allowances to perennial_worker;
grant update (points, amount, redemptions) on till_allowances to perennial_worker;

alter table till_entries enable row level security;
alter table till_entries force row level security;
create policy till_entries_of_workspace on till_entries
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on till_entries to perennial_worker;
