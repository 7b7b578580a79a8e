-- Referrals: the codes of members, who referred whom and how far that is, and by what people are compared.

-- Found by the keyed hash of what is entered; the code itself is sealed. One per member and program.
create table referral_codes (
    workspace_id int not null,
    bucket int not null,
    code_hash uuid not null,
    customer_id uuid not null,
    program_id int not null,
    sealed bytea not null,
    created_at timestamptz not null,
    primary key (workspace_id, code_hash)
);
-- Without the workspace, as for identifiers.
create index referral_codes_customer on referral_codes (bucket, customer_id);

-- The customer is the friend, who is referred once per program; the id says which program and friend.
create table referrals (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    referral_id uuid not null,
    program_id int not null,
    version int not null,
    offer text not null,
    advocate_bucket int not null,
    advocate_id uuid not null,
    state smallint not null,
    reason text,
    signals text[] not null,
    approved boolean not null,
    undo boolean not null,
    attributed_at timestamptz not null,
    deadline timestamptz,
    progress uuid[] not null,
    reached_at timestamptz,
    source_id uuid,
    due_at timestamptz,
    converted_at timestamptz,
    ip_mark uuid,
    given bytea not null,
    primary key (bucket, workspace_id, customer_id, referral_id)
);
create index referrals_due on referrals (bucket, due_at) where due_at is not null;
create index referrals_of_place on referrals (bucket, ip_mark, attributed_at) where ip_mark is not null;
create index referrals_in_order on referrals (bucket, attributed_at, referral_id);

create type referral_row as (
    customer_id uuid,
    referral_id uuid,
    program_id int,
    version int,
    offer text,
    advocate_bucket int,
    advocate_id uuid,
    state smallint,
    reason text,
    signals text[],
    approved boolean,
    undo boolean,
    attributed_at timestamptz,
    deadline timestamptz,
    progress uuid[],
    reached_at timestamptz,
    source_id uuid,
    due_at timestamptz,
    converted_at timestamptz,
    ip_mark uuid,
    given bytea
);

-- The other side, in the advocate's bucket: where the referrals of an advocate are.
create table advocacies (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    referral_id uuid not null,
    friend_bucket int not null,
    friend_id uuid not null,
    primary key (bucket, workspace_id, customer_id, referral_id)
);

-- What a customer left behind, as keyed hashes only.
create table customer_marks (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    trace text not null,
    mark uuid not null,
    seen_at timestamptz not null,
    primary key (bucket, workspace_id, customer_id, trace, mark)
);

alter table referral_codes enable row level security;
alter table referral_codes force row level security;
create policy referral_codes_of_workspace on referral_codes
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, delete on referral_codes to perennial_worker;

alter table referrals enable row level security;
alter table referrals force row level security;
create policy referrals_of_workspace on referrals
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on referrals to perennial_worker;
create policy referrals_of_everybody on referrals for select to perennial_dispatcher using (true);
grant select (bucket, workspace_id, due_at) on referrals to perennial_dispatcher;

alter table advocacies enable row level security;
alter table advocacies force row level security;
create policy advocacies_of_workspace on advocacies
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on advocacies to perennial_worker;

alter table customer_marks enable row level security;
alter table customer_marks force row level security;
create policy customer_marks_of_workspace on customer_marks
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, delete on customer_marks to perennial_worker;
