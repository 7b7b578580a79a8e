-- Which household keeps the points of an order whose buyer has left it: a return takes them back from there.
-- Orders from before, and everybody else's, have none: their points are where the buyer's are.
alter table orders add column kept_by uuid;
