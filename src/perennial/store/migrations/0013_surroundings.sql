-- What a workspace adds to every program: declared attributes, whose versions are never changed, and locations.
create table attribute_versions (
    workspace_id int not null references workspaces,
    version int not null check (version > 0),
    document jsonb not null,
    published_at timestamptz not null,
    actor text not null,
    primary key (workspace_id, version)
);

alter table attribute_versions enable row level security;
alter table attribute_versions force row level security;
create policy attribute_versions_of_workspace on attribute_versions
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on attribute_versions to perennial_worker;

create table locations (
    workspace_id int not null references workspaces,
    location_id text not null,
    attributes jsonb not null,
    primary key (workspace_id, location_id)
);

alter table locations enable row level security;
alter table locations force row level security;
create policy locations_of_workspace on locations
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on locations to perennial_worker;
