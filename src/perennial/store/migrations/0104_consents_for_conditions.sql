-- What is given is kept beside the attributes of a customer as well, where conditions and segments read it. The walls
-- between workspaces hold for the owner of the tables, too: one workspace after the other.
do $$
declare
    ws int;
begin
    for ws in select workspace_id from workspaces order by workspace_id loop
        perform set_config('app.workspace', ws::text, true);
        update customers
        set attributes = attributes || jsonb_build_object('@consents', given.names)
        from (
            select bucket, customer_id,
                string_agg(channel || '.' || purpose, ',' order by (channel || '.' || purpose) collate "C") as names
            from consents
            where workspace_id = ws and given
            group by bucket, customer_id
        ) as given
        where customers.bucket = given.bucket and customers.workspace_id = ws
            and customers.customer_id = given.customer_id and customers.erased_at is null;
    end loop;
    perform set_config('app.workspace', '', true);
end
$$;
