-- Where an order was paid, for reports, which cannot read its content. Orders from before have none.
alter table orders add column location text;
alter type order_row add attribute location text;
