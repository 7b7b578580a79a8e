-- By what else a customer is known: e-mail addresses, phone numbers, cards. Found by the hash of what is
-- compared, which says nothing of the customer and tells the bucket; each belongs to one customer. What
-- was given stands here and nowhere else, so that one delete erases all of it.
create table identifiers (
    workspace_id int not null,
    bucket int not null,
    id_hash uuid not null,
    customer_id uuid not null,
    type text not null,
    given text not null,
    primary key (workspace_id, id_hash)
);
-- Without the workspace, although a bucket is of one alone: so a look-up by hash cannot use it. A planner
-- without statistics would, and read all of them.
create index identifiers_customer on identifiers (bucket, customer_id);

create type identifier_row as (customer_id uuid, id_hash uuid, type text, given text);

alter table identifiers enable row level security;
alter table identifiers force row level security;
create policy identifiers_of_workspace on identifiers
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, delete on identifiers to perennial_worker;
