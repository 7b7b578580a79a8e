-- A customer whom the staff has blocked: what is not allowed, since when, by whom and why. It stands in the
-- row that every decision locks, so that a block holds for whatever is decided after it.

alter table customers
    add column blocked smallint check (blocked between 1 and 3),
    add column blocked_since timestamptz,
    add column blocked_by text,
    add column block_reason text;
alter table customers add constraint customers_block_check check (
    (blocked is null) = (blocked_since is null)
    and (blocked is null) = (blocked_by is null)
    and (blocked is null) = (block_reason is null)
);
