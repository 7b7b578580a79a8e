-- A pool of codes is written at once and fills its pages; a code that is used then finds room on its own page,
-- and no index has to be told where it went. Pages that are full already stay as they are.
alter table vouchers set (fillfactor = 90);
