-- Each block that is sealed reads its own transactions. A BRIN index knows nothing of the pages that were filled since
-- the last vacuum: every block read them all, and beside them the key of the whole bucket. The rows of a batch have
-- one transaction, so that in a B-tree they share an entry.

create index postings_written on postings (bucket, workspace_id, xact);
drop index postings_xact;
create index tier_moves_written on tier_moves (bucket, workspace_id, xact);
drop index tier_moves_xact;
