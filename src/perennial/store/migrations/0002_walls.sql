-- The walls between workspaces: a role that owns nothing and sees only the workspace that its transaction
-- has set (SET LOCAL app.workspace), and a dispatcher that sees only where timers are due, everywhere.
-- What has happened is inserted and never changed: no role may update or delete it.

-- Read before a workspace is known: which there are, and whose a secret is.
grant select on installation to perennial_worker;

alter table workspaces enable row level security;
alter table workspaces force row level security;
create policy workspaces_of_everybody on workspaces for select using (true);
create policy workspaces_are_founded on workspaces for insert with check (true);
create policy workspaces_of_workspace on workspaces
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on workspaces to perennial_worker;

alter table api_keys enable row level security;
alter table api_keys force row level security;
create policy api_keys_of_everybody on api_keys for select using (true);
create policy api_keys_of_workspace on api_keys
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on api_keys to perennial_worker;

alter table programs enable row level security;
alter table programs force row level security;
create policy programs_of_workspace on programs
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on programs to perennial_worker;

alter table program_parts enable row level security;
alter table program_parts force row level security;
create policy program_parts_of_workspace on program_parts
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on program_parts to perennial_worker;

alter table program_versions enable row level security;
alter table program_versions force row level security;
create policy program_versions_of_workspace on program_versions
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on program_versions to perennial_worker;

alter table units enable row level security;
alter table units force row level security;
create policy units_of_workspace on units
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on units to perennial_worker;

alter table audit_entries enable row level security;
alter table audit_entries force row level security;
create policy audit_entries_of_workspace on audit_entries
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on audit_entries to perennial_worker;

alter table external_ids enable row level security;
alter table external_ids force row level security;
create policy external_ids_of_workspace on external_ids
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on external_ids to perennial_worker;

alter table customers enable row level security;
alter table customers force row level security;
create policy customers_of_workspace on customers
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on customers to perennial_worker;

alter table timers enable row level security;
alter table timers force row level security;
create policy timers_of_workspace on timers
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update, delete on timers to perennial_worker;

alter table memberships enable row level security;
alter table memberships force row level security;
create policy memberships_of_workspace on memberships
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on memberships to perennial_worker;

alter table tier_moves enable row level security;
alter table tier_moves force row level security;
create policy tier_moves_of_workspace on tier_moves
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on tier_moves to perennial_worker;

alter table wallets enable row level security;
alter table wallets force row level security;
create policy wallets_of_workspace on wallets
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on wallets to perennial_worker;

alter table lots enable row level security;
alter table lots force row level security;
create policy lots_of_workspace on lots
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on lots to perennial_worker;

alter table postings enable row level security;
alter table postings force row level security;
create policy postings_of_workspace on postings
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on postings to perennial_worker;

alter table orders enable row level security;
alter table orders force row level security;
create policy orders_of_workspace on orders
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update, delete on orders to perennial_worker;

alter table events enable row level security;
alter table events force row level security;
create policy events_of_workspace on events
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on events to perennial_worker;

alter table counters enable row level security;
alter table counters force row level security;
create policy counters_of_workspace on counters
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on counters to perennial_worker;

alter table limit_uses enable row level security;
alter table limit_uses force row level security;
create policy limit_uses_of_workspace on limit_uses
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on limit_uses to perennial_worker;

alter table budgets enable row level security;
alter table budgets force row level security;
create policy budgets_of_workspace on budgets
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on budgets to perennial_worker;

alter table vouchers enable row level security;
alter table vouchers force row level security;
create policy vouchers_of_workspace on vouchers
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update on vouchers to perennial_worker;

alter table voucher_codes enable row level security;
alter table voucher_codes force row level security;
create policy voucher_codes_of_workspace on voucher_codes
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on voucher_codes to perennial_worker;

alter table seals enable row level security;
alter table seals force row level security;
create policy seals_of_workspace on seals
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert on seals to perennial_worker;

alter table leases enable row level security;
alter table leases force row level security;
create policy leases_of_workspace on leases
    using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::int));
grant select, insert, update, delete on leases to perennial_worker;

create policy timers_of_everybody on timers for select to perennial_dispatcher using (true);
grant select (bucket, workspace_id, due_at) on timers to perennial_dispatcher;
grant select (workspace_id, bucket_base, bucket_count, clock_at) on workspaces to perennial_dispatcher;
