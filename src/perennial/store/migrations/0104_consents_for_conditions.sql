-- What is given is kept beside the attributes of a customer as well, where conditions and segments read it.
update customers
set attributes = attributes || jsonb_build_object('@consents', given.names)
from (
    select bucket, workspace_id, customer_id,
        string_agg(channel || '.' || purpose, ',' order by (channel || '.' || purpose) collate "C") as names
    from consents
    where given
    group by bucket, workspace_id, customer_id
) as given
where customers.bucket = given.bucket and customers.workspace_id = given.workspace_id
    and customers.customer_id = given.customer_id and customers.erased_at is null;
