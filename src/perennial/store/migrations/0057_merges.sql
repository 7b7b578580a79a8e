-- Two customers who are one person: who was merged into whom. The absorbed one is erased and leaves a pointer, which
-- names nobody; what tells of the person lies with the survivor, and goes with the survivor.

create table merged_customers (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    into_bucket int not null,
    into_id uuid not null,
    primary key (bucket, workspace_id, customer_id),
    check ((bucket, customer_id) <> (into_bucket, into_id))
);
alter table merged_customers enable row level security;
alter table merged_customers force row level security;
create policy merged_customers_of_workspace on merged_customers
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on merged_customers to perennial_worker;

create table merges (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    merge_id uuid not null,
    absorbed_bucket int not null,
    absorbed_id uuid not null,
    merged_at timestamptz not null,
    external_id text not null,
    actor text not null,
    reason text not null,
    moved bytea not null,
    primary key (bucket, workspace_id, customer_id, merge_id)
);
alter table merges enable row level security;
alter table merges force row level security;
create policy merges_of_workspace on merges
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, delete on merges to perennial_worker;
