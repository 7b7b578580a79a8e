-- Vouchers that are worth nothing any more, by their ids: whoever gives money back to a gift card looks here
-- whether the card was taken back meanwhile.

create index vouchers_closed on vouchers (bucket, workspace_id, voucher_id) where state <> 1;
