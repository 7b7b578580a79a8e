-- What reports need to know of an order, and can see without reading its content: the currency that it
-- names, what it costs the shop (null: it does not say so of every line), and what of both came back.
alter table orders
    add column currency text,
    add column cost bigint,
    add column returned_net bigint,
    add column returned_cost bigint;

alter type order_row
    add attribute currency text,
    add attribute cost bigint,
    add attribute returned_net bigint,
    add attribute returned_cost bigint;
