-- Staff: the people who sign in, how they prove who they are, and what they may do in which workspace.
-- A person is one row for the whole installation; what a person may do hangs on the workspace. Of every
-- token only a hash is kept, and what signs people in twice is sealed under the installation's secret.

create table staff (
    staff_id uuid primary key,
    email text not null unique,
    name text not null,
    created_at timestamptz not null,
    disabled_at timestamptz,
    password_hash text,
    totp_secret bytea,
    totp_confirmed_at timestamptz,
    totp_step bigint not null default 0
);
grant select, insert, update on staff to perennial_worker;

-- The first person founds the installation: there is one row at most.
create table staff_founding (
    single boolean primary key default true check (single),
    founded_at timestamptz not null
);
grant select, insert on staff_founding to perennial_worker;

create table staff_recovery_codes (
    staff_id uuid not null references staff,
    code_hash bytea not null,
    used_at timestamptz,
    primary key (staff_id, code_hash)
);
grant select, insert, update, delete on staff_recovery_codes to perennial_worker;

create table staff_passkeys (
    credential_id bytea primary key,
    staff_id uuid not null references staff,
    public_key bytea not null,
    sign_count bigint not null check (sign_count >= 0),
    name text not null,
    created_at timestamptz not null,
    used_at timestamptz
);
create index staff_passkeys_staff on staff_passkeys (staff_id);
grant select, insert, update, delete on staff_passkeys to perennial_worker;

create table staff_sessions (
    session_id uuid primary key,
    token_hash bytea not null unique,
    staff_id uuid not null references staff,
    method text not null,
    strong boolean not null,
    current_workspace int not null,
    agent text not null,
    created_at timestamptz not null,
    seen_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
);
create index staff_sessions_staff on staff_sessions (staff_id);
grant select, insert, update on staff_sessions to perennial_worker;

-- What is begun with one request and ended with another: a second step, a passkey, a sign-in elsewhere, a
-- link to set a password. Whoever takes a row takes it for good.
create table sign_in_steps (
    token_hash bytea primary key,
    kind text not null,
    staff_id uuid,
    body bytea not null,
    expires_at timestamptz not null
);
grant select, insert, delete on sign_in_steps to perennial_worker;

-- How often somebody tried in one span of time. Counted before the answer is known, so that tries at the
-- same moment are counted too.
create table sign_in_tries (
    holder bytea not null,
    span bigint not null,
    tries int not null check (tries >= 0),
    primary key (holder, span)
);
grant select, insert, update, delete on sign_in_tries to perennial_worker;

create table roles (
    workspace_id int not null references workspaces,
    role text not null,
    name text not null,
    scopes text[] not null,
    credit_most bigint check (credit_most >= 0),
    credit_per_day bigint check (credit_per_day >= 0),
    primary key (workspace_id, role)
);
alter table roles enable row level security;
alter table roles force row level security;
create policy roles_of_everybody on roles for select using (true);
create policy roles_of_workspace on roles
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update, delete on roles to perennial_worker;

create table staff_roles (
    workspace_id int not null references workspaces,
    staff_id uuid not null references staff,
    role text not null,
    granted_at timestamptz not null,
    actor text not null,
    primary key (workspace_id, staff_id)
);
create index staff_roles_staff on staff_roles (staff_id);
alter table staff_roles enable row level security;
alter table staff_roles force row level security;
create policy staff_roles_of_everybody on staff_roles for select using (true);
create policy staff_roles_of_workspace on staff_roles
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update, delete on staff_roles to perennial_worker;

-- What a workspace demands of its staff: a second factor, and two people for what is dangerous.
create table staff_rules (
    workspace_id int not null references workspaces,
    second_factor boolean not null,
    two_to_publish boolean not null,
    two_to_credit_above bigint check (two_to_credit_above >= 0),
    primary key (workspace_id)
);
alter table staff_rules enable row level security;
alter table staff_rules force row level security;
create policy staff_rules_of_everybody on staff_rules for select using (true);
create policy staff_rules_of_workspace on staff_rules
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on staff_rules to perennial_worker;

create table invitations (
    workspace_id int not null references workspaces,
    invitation_id uuid not null,
    token_hash bytea not null unique,
    email text not null,
    role text not null,
    actor text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    revoked_at timestamptz,
    primary key (workspace_id, invitation_id)
);
alter table invitations enable row level security;
alter table invitations force row level security;
create policy invitations_of_everybody on invitations for select using (true);
create policy invitations_of_workspace on invitations
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on invitations to perennial_worker;

-- What one person has credited by hand in one day: never more than the role allows.
create table staff_credits (
    workspace_id int not null references workspaces,
    staff_id uuid not null,
    day int not null,
    credited bigint not null check (credited >= 0),
    most bigint not null,
    primary key (workspace_id, staff_id, day),
    check (credited <= most)
);
alter table staff_credits enable row level security;
alter table staff_credits force row level security;
create policy staff_credits_of_workspace on staff_credits
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on staff_credits to perennial_worker;

-- The audit log is read by time, newest first.
create index audit_entries_at on audit_entries (workspace_id, at, entry_id);
