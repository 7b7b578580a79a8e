-- What was the absorbed customer's moves to the survivor: it is inserted there, and deleted here. The database itself
-- lets nobody delete it of a customer who was not merged into another.

grant delete on memberships to perennial_worker;
create policy memberships_of_the_merged on memberships as restrictive for delete
    using (exists (
        select from merged_customers as merged
        where merged.bucket = memberships.bucket and merged.workspace_id = memberships.workspace_id
            and merged.customer_id = memberships.customer_id
            and merged.workspace_id = (select nullif(current_setting('app.workspace', true), '')::int)
    ));

grant delete on entitlements to perennial_worker;
create policy entitlements_of_the_merged on entitlements as restrictive for delete
    using (exists (
        select from merged_customers as merged
        where merged.bucket = entitlements.bucket and merged.workspace_id = entitlements.workspace_id
            and merged.customer_id = entitlements.customer_id
            and merged.workspace_id = (select nullif(current_setting('app.workspace', true), '')::int)
    ));

grant delete on redemptions to perennial_worker;
create policy redemptions_of_the_merged on redemptions as restrictive for delete
    using (exists (
        select from merged_customers as merged
        where merged.bucket = redemptions.bucket and merged.workspace_id = redemptions.workspace_id
            and merged.customer_id = redemptions.customer_id
            and merged.workspace_id = (select nullif(current_setting('app.workspace', true), '')::int)
    ));

grant delete on exposures to perennial_worker;
create policy exposures_of_the_merged on exposures as restrictive for delete
    using (exists (
        select from merged_customers as merged
        where merged.bucket = exposures.bucket and merged.workspace_id = exposures.workspace_id
            and merged.customer_id = exposures.customer_id
            and merged.workspace_id = (select nullif(current_setting('app.workspace', true), '')::int)
    ));

grant delete on referrals to perennial_worker;
create policy referrals_of_the_merged on referrals as restrictive for delete
    using (exists (
        select from merged_customers as merged
        where merged.bucket = referrals.bucket and merged.workspace_id = referrals.workspace_id
            and merged.customer_id = referrals.customer_id
            and merged.workspace_id = (select nullif(current_setting('app.workspace', true), '')::int)
    ));

grant delete on advocacies to perennial_worker;
create policy advocacies_of_the_merged on advocacies as restrictive for delete
    using (exists (
        select from merged_customers as merged
        where merged.bucket = advocacies.bucket and merged.workspace_id = advocacies.workspace_id
            and merged.customer_id = advocacies.customer_id
            and merged.workspace_id = (select nullif(current_setting('app.workspace', true), '')::int)
    ));

-- A friend who is merged lies somewhere else from then on.
grant update (friend_bucket, friend_id) on advocacies to perennial_worker;
