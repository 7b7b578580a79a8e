-- The colors of a workspace, each as red, green and blue in 24 bits: none is no row, and whoever asks gets those of
-- the house. That they can be read is checked before (flows/brand.py); here is held only that they are colors.
create table brands (
    workspace_id int primary key references workspaces,
    color int not null check (color between 0 and 16777215),
    dark_color int check (dark_color between 0 and 16777215)
);

alter table brands enable row level security;
alter table brands force row level security;
create policy brands_of_workspace on brands
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update, delete on brands to perennial_worker;
