-- A budget may be kept for each location, or for each value of an attribute: a row for every holder, which
-- names the limit that it is a part of. The holder's name is kept for locations alone: an attribute's may
-- say something about a person. Of a budget in total both are null.
alter table budgets add column limit_id bigint;
alter table budgets add column holder text;
create index budgets_limit on budgets (workspace_id, limit_id, period) where limit_id is not null;

-- What was used of a budget in total on each local day of its program: for figures, it limits nothing. What
-- is given back is taken off the day on which it was used; a day from before this table was there may so
-- fall below zero.
create table budget_days (
    workspace_id int not null,
    budget_id bigint not null,
    day int not null,
    used bigint not null,
    primary key (workspace_id, budget_id, day)
);

alter table budget_days enable row level security;
alter table budget_days force row level security;
create policy budget_days_of_workspace on budget_days
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on budget_days to perennial_worker;
