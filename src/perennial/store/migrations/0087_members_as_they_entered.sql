-- Who is in a segment is listed in the order in which they entered. By the customers' ids, everybody who enters would
-- change another page of the index; whoever enters last stands at the end of their segment. The new index is built
-- before the old one goes, so that lists are read all the while.

create index segment_members_entered on segment_members
    (bucket, workspace_id, segment_id, entered_at, customer_id);
drop index segment_members_of;
