-- The code of a pool that was handed over unasked, as by a completed challenge: it may have to be taken back.
alter table entitlements add column voucher_id uuid;
alter type entitlement_row add attribute voucher_id uuid;
