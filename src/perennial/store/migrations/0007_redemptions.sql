-- Redemptions: what was held for an order, used on it, and given back.

-- Points that are held belong to their owner still, and are no part of the balance.
alter table wallets add column held bigint not null default 0 check (held >= 0);
alter type wallet_row add attribute held bigint;

-- One row per hold or redemption, beside its event; the customer of a guest's is the redemption itself.
-- What was taken, and what of it was given back, is in a body that only the application reads.
create table redemptions (
    bucket int not null,
    workspace_id int not null,
    customer_id uuid not null,
    redemption_id uuid not null,
    order_id uuid,
    held_until timestamptz,
    state smallint not null,
    taken bytea not null,
    answer bytea not null,
    primary key (bucket, workspace_id, customer_id, redemption_id)
);
create index redemptions_order on redemptions (bucket, workspace_id, customer_id, order_id)
    where order_id is not null;
-- Who asks for what is due repeats the condition, as with timers.
create index redemptions_due on redemptions (bucket, held_until) where state = 1;

create type redemption_row as (
    customer_id uuid,
    redemption_id uuid,
    order_id uuid,
    held_until timestamptz,
    state smallint,
    taken bytea,
    answer bytea
);

alter table redemptions enable row level security;
alter table redemptions force row level security;
create policy redemptions_of_workspace on redemptions
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on redemptions to perennial_worker;

create policy redemptions_of_everybody on redemptions for select to perennial_dispatcher using (true);
grant select (bucket, workspace_id, held_until, state) on redemptions to perennial_dispatcher;
