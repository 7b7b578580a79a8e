-- Who counts a workspace's customers leaves out the erased. They are found by an index of their own, so that
-- everybody is counted by the key alone, and nobody's row is read.

create index customers_erased on customers (bucket, workspace_id, customer_id) where erased_at is not null;
