-- A device that was lost: from ``blocked_since`` on nothing that it says happened is granted. Null: it is not
-- blocked. When, by whom and why is for people.
alter table till_devices
    add column blocked_since timestamptz,
    add column blocked_at timestamptz,
    add column blocked_by text,
    add column block_reason text;
grant update (blocked_since, blocked_at, blocked_by, block_reason) on till_devices to perennial_worker;
