-- Erasure: the database itself lets nobody blank or delete what belongs to somebody who is still there.

-- Who was erased cannot be given a name, an attribute or a household again.
alter table customers add constraint customers_erased_check check (
    erased_at is null or (external_id = '' and attributes = '{}' and household_id is null)
);

-- Who still lives in a household. Few customers have one: the others are not in it.
create index customers_household on customers (bucket, workspace_id, household_id)
    where household_id is not null;

-- What has happened stays: its content alone may be blanked, and only to nothing, when its customer was
-- erased. A transfer names two customers: what it says goes with the first of them who is erased, while
-- the other one's decision stays.
grant update (external_id, body, decision, answer) on events to perennial_worker;
create policy events_are_blanked on events as restrictive for update
    using (kind in (6, 13) or exists (
        select from customers
        where customers.bucket = events.bucket and customers.workspace_id = events.workspace_id
            and customers.customer_id = events.customer_id and customers.erased_at is not null
            and customers.workspace_id = (select nullif(current_setting('app.workspace', true), '')::int)
    ))
    with check (
        external_id = '' and body = '' and answer = '' and (decision = '' or kind in (6, 13))
        and workspace_id = (select nullif(current_setting('app.workspace', true), '')::int)
    );

grant delete on counters, limit_uses to perennial_worker;
create policy counters_of_the_erased on counters as restrictive for delete
    using (exists (
        select from customers
        where customers.bucket = counters.bucket and customers.workspace_id = counters.workspace_id
            and customers.customer_id = counters.customer_id and customers.erased_at is not null
            and customers.workspace_id = (select nullif(current_setting('app.workspace', true), '')::int)
    ));
create policy limit_uses_of_the_erased on limit_uses as restrictive for delete
    using (exists (
        select from customers
        where customers.bucket = limit_uses.bucket and customers.workspace_id = limit_uses.workspace_id
            and customers.customer_id = limit_uses.customer_id and customers.erased_at is not null
            and customers.workspace_id = (select nullif(current_setting('app.workspace', true), '')::int)
    ));
