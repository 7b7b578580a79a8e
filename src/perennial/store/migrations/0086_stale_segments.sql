-- A segment whose members may not be as it wants them, although it is filled: figures that it reads were counted
-- anew, or it is gone and its members are yet to be let out. Who moves then is told, unlike in a fill.
alter table segments add column stale boolean not null default false;
grant select (stale) on segments to perennial_dispatcher;

create index segments_unsettled on segments (workspace_id) where stale or (not filled and deleted_at is null);
drop index segments_unfilled;
