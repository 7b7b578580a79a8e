-- Who was exposed to which variant of an experiment or holdout, since when, and by which version of the
-- program: once per customer and experiment, and never changed.
create table exposures (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    program_id int not null,
    version int not null,
    operation_id uuid not null,
    exposed_at timestamptz not null,
    experiment text not null,
    variant text not null,
    primary key (bucket, workspace_id, customer_id, program_id, experiment)
);

create type exposure_row as (
    customer_id uuid,
    program_id int,
    version int,
    operation_id uuid,
    exposed_at timestamptz,
    experiment text,
    variant text
);

alter table exposures enable row level security;
alter table exposures force row level security;
create policy exposures_of_workspace on exposures
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on exposures to perennial_worker;
