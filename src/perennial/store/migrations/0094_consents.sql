-- What customers agreed to: which purpose over which channel, in whose words, and how it is known. Every word that
-- was said is a record, which stays; what stands now is the latest of a channel and a purpose, by its instant.

create table consent_records (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    record_id uuid not null,
    channel text not null,
    purpose text not null,
    given boolean not null,
    at timestamptz not null,
    recorded_at timestamptz not null,
    source text not null,
    wording text,
    proof text,
    reason text,
    actor text not null,
    primary key (bucket, workspace_id, customer_id, record_id)
);
alter table consent_records enable row level security;
alter table consent_records force row level security;
create policy consent_records_of_workspace on consent_records
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, delete on consent_records to perennial_worker;
create policy consent_records_of_the_erased on consent_records as restrictive for delete
    using (exists (
        select from customers
        where customers.bucket = consent_records.bucket
            and customers.workspace_id = consent_records.workspace_id
            and customers.customer_id = consent_records.customer_id and customers.erased_at is not null
            and customers.workspace_id = (select nullif(current_setting('app.workspace', true), '')::int)
    ));

create table consents (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    channel text not null,
    purpose text not null,
    given boolean not null,
    at timestamptz not null,
    record_id uuid not null,
    primary key (bucket, workspace_id, customer_id, channel, purpose)
);
alter table consents enable row level security;
alter table consents force row level security;
create policy consents_of_workspace on consents
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update (given, at, record_id), delete on consents to perennial_worker;
create policy consents_of_the_erased on consents as restrictive for delete
    using (exists (
        select from customers
        where customers.bucket = consents.bucket and customers.workspace_id = consents.workspace_id
            and customers.customer_id = consents.customer_id and customers.erased_at is not null
            and customers.workspace_id = (select nullif(current_setting('app.workspace', true), '')::int)
    ));
