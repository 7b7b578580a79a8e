-- Segments: documents of the workspace, in versions. A live one is filled once everybody was judged by its
-- present version. A deleted one keeps its number and its versions, and may come back.
create table segments (
    workspace_id int not null references workspaces,
    segment_id int not null,
    version int not null,
    filled boolean not null,
    published_at timestamptz not null,
    deleted_at timestamptz,
    code text not null,
    document jsonb not null,
    primary key (workspace_id, segment_id),
    unique (workspace_id, code)
);

create table segment_versions (
    workspace_id int not null references workspaces,
    segment_id int not null,
    version int not null,
    published_at timestamptz not null,
    actor text not null,
    document jsonb not null,
    primary key (workspace_id, segment_id, version)
);

-- Who is in a segment now, and since when.
create table segment_members (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    segment_id int not null,
    entered_at timestamptz not null,
    primary key (bucket, workspace_id, customer_id, segment_id)
);

create index segment_members_of on segment_members (bucket, workspace_id, segment_id, customer_id);

-- Everybody's ways in and out: from them a segment's size on any day is counted.
create table segment_moves (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    move_id uuid not null,
    segment_id int not null,
    at timestamptz not null,
    entered boolean not null,
    primary key (bucket, workspace_id, customer_id, move_id)
);

create index segment_moves_of on segment_moves (bucket, workspace_id, segment_id, at);

create type segment_member_row as (customer_id uuid, segment_id int, entered_at timestamptz);

create type segment_move_row as (
    customer_id uuid,
    move_id uuid,
    segment_id int,
    at timestamptz,
    entered boolean
);

alter table segments enable row level security;
alter table segments force row level security;
create policy segments_of_workspace on segments
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on segments to perennial_worker;

alter table segment_versions enable row level security;
alter table segment_versions force row level security;
create policy segment_versions_of_workspace on segment_versions
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on segment_versions to perennial_worker;

alter table segment_members enable row level security;
alter table segment_members force row level security;
create policy segment_members_of_workspace on segment_members
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, delete on segment_members to perennial_worker;

alter table segment_moves enable row level security;
alter table segment_moves force row level security;
create policy segment_moves_of_workspace on segment_moves
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, delete on segment_moves to perennial_worker;
create policy segment_moves_of_the_erased on segment_moves as restrictive for delete
    using (exists (
        select from customers
        where customers.bucket = segment_moves.bucket and customers.workspace_id = segment_moves.workspace_id
            and customers.customer_id = segment_moves.customer_id and customers.erased_at is not null
            and customers.workspace_id = (select nullif(current_setting('app.workspace', true), '')::int)
    ));
