-- A hold whose cart changed: what was asked for last, by which the same change is known again. Null where
-- the hold stands as it was made; then its event says it.
alter table redemptions add column asked bytea;
alter type redemption_row add attribute asked bytea;

-- Which redemptions of guests are on which order: a guest has no customer by whom they are found. An order
-- and what was used on it may lie in different buckets; ``bucket`` is that of the redemption.
create table guest_redemptions (
    workspace_id int not null,
    order_id uuid not null,
    bucket int not null,
    redemption_id uuid not null,
    primary key (workspace_id, order_id, redemption_id)
);

alter table guest_redemptions enable row level security;
alter table guest_redemptions force row level security;
create policy guest_redemptions_of_workspace on guest_redemptions
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on guest_redemptions to perennial_worker;
