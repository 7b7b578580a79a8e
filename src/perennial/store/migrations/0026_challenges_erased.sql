-- Of whoever was erased nothing tells any more how far they were; nobody else's rounds can be deleted.
grant delete on challenge_rounds to perennial_worker;
create policy challenge_rounds_of_the_erased on challenge_rounds as restrictive for delete
    using (exists (
        select from customers
        where customers.bucket = challenge_rounds.bucket and customers.workspace_id = challenge_rounds.workspace_id
            and customers.customer_id = challenge_rounds.customer_id and customers.erased_at is not null
            and customers.workspace_id = (select nullif(current_setting('app.workspace', true), '')::int)
    ));
