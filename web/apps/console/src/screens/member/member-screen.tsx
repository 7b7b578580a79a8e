import { Trans, useLingui } from "@lingui/react/macro";
import { customerGetOptions } from "@perennial/api-admin/queries";
import { Loading, Page, Stack, Tabs } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";

import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { rememberMember } from "../members/recent";
import { Actions } from "./actions";
import { Explained } from "./explained";
import { Overview } from "./overview";
import { type MemberTab, memberRoute } from "./route";

/** Come when their tab is opened. */
const TimelineOfMember = lazy(async () => ({ default: (await import("./timeline-of-member")).TimelineOfMember }));
const Ledger = lazy(async () => ({ default: (await import("./ledger")).Ledger }));
const Vouchers = lazy(async () => ({ default: (await import("./vouchers")).Vouchers }));
const Waits = lazy(async () => ({ default: (await import("./waits")).Waits }));

/** Orders come from tills and shops while somebody looks. */
const LOOK_AGAIN_MS = 15_000;

/** Everything that is known of one member. */
export function MemberScreen() {
  const { t } = useLingui();
  const { customer } = memberRoute.useParams();
  const { tab = "overview" } = memberRoute.useSearch();
  const { code: workspace } = useWorkspace();
  const navigate = useNavigate({ from: memberRoute.fullPath });
  const query = useQuery({ ...customerGetOptions({ path: { id: customer } }), refetchInterval: LOOK_AGAIN_MS });
  const found = query.isSuccess;
  const wallets = query.data?.wallets ?? [];
  useEffect(() => {
    if (found) rememberMember(workspace, customer);
  }, [found, workspace, customer]);
  return (
    <Page
      title={<span dir="auto">{customer}</span>}
      trail={
        <Link to="/$workspace/members" params={{ workspace }}>
          <Trans>Members</Trans>
        </Link>
      }
      actions={query.data !== undefined && <Actions member={query.data} />}
    >
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(next) => void navigate({ search: next === "overview" ? {} : { tab: next as MemberTab }, replace: true })}
      >
        <Tabs.List mb="md" aria-label={t`Parts of this member`}>
          <Tabs.Tab value="overview">
            <Trans>Overview</Trans>
          </Tabs.Tab>
          <Tabs.Tab value="timeline">
            <Trans>Timeline</Trans>
          </Tabs.Tab>
          <Tabs.Tab value="ledger">
            <Trans>Statement</Trans>
          </Tabs.Tab>
          <Tabs.Tab value="vouchers">
            <Trans>Vouchers</Trans>
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="overview">
          <Answer query={query} lines={8}>
            {(member) => <Overview member={member} />}
          </Answer>
        </Tabs.Panel>
        <Tabs.Panel value="timeline">
          <Suspense fallback={<Loading lines={6} />}>
            <TimelineOfMember customer={customer} wallets={wallets} />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="ledger">
          <Suspense fallback={<Loading lines={6} />}>
            <Ledger customer={customer} wallets={wallets} />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="vouchers">
          <Suspense fallback={<Loading lines={6} />}>
            <Stack gap="lg">
              <Vouchers customer={customer} />
              <Waits customer={customer} />
            </Stack>
          </Suspense>
        </Tabs.Panel>
      </Tabs>
      <Explained />
    </Page>
  );
}
