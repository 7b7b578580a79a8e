import { Trans, useLingui } from "@lingui/react/macro";
import type { BlockView, CustomerView } from "@perennial/api-admin";
import { segmentListOptions } from "@perennial/api-admin/queries";
import { Alert, Badge, EmptyState, type Fact, Facts, Group, Loading, Panel, Stack } from "@perennial/ui";
import { IconLeaf } from "@perennial/ui/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { useFormat } from "../../i18n/format";
import { useActor } from "../../session/use-actor";
import { useWorkspace } from "../../session/workspace";
import { Membership } from "./membership";
import { Wallet } from "./wallet";
import { IDENTIFIERS } from "./words";
import classes from "./member.module.css";

/** Come after what is known of the member. */
const Challenges = lazy(async () => ({ default: (await import("./challenges")).Challenges }));
const Consents = lazy(async () => ({ default: (await import("./consents")).Consents }));
const Notes = lazy(async () => ({ default: (await import("./notes")).Notes }));

/** Balances first, then tiers, then who it is. */
export function Overview({ member }: { member: CustomerView }) {
  const { t } = useLingui();
  return (
    <Stack gap="lg">
      {member.blocked != null && <Blocked blocked={member.blocked} />}
      {member.wallets.length > 0 && (
        <div className={classes.wallets}>
          {member.wallets.map((wallet) => (
            <Wallet key={`${wallet.program}/${wallet.wallet}`} wallet={wallet} />
          ))}
        </div>
      )}
      <Panel title={t`Memberships`}>
        {member.memberships.length === 0 ? (
          <EmptyState icon={<IconLeaf size={26} />} title={t`Not a member yet`}>
            <Trans>This customer belongs to no program. Orders are remembered all the same and may count later.</Trans>
          </EmptyState>
        ) : (
          <div className={classes.memberships}>
            {member.memberships.map((membership) => (
              <Membership key={membership.program} membership={membership} />
            ))}
          </div>
        )}
      </Panel>
      <Suspense fallback={null}>
        <Challenges customer={member.id} />
      </Suspense>
      <Profile member={member} />
      <SegmentsOf member={member} />
      <Suspense fallback={<Loading lines={3} />}>
        <Consents member={member} />
      </Suspense>
      <Suspense fallback={<Loading lines={3} />}>
        <Notes customer={member.id} />
      </Suspense>
    </Stack>
  );
}

function Blocked({ blocked }: { blocked: BlockView }) {
  const { t } = useLingui();
  const actorOf = useActor();
  const format = useFormat();
  const title = blocked.earning && blocked.spending ? t`Blocked from earning and spending` : blocked.earning ? t`Blocked from earning` : t`Blocked from spending`;
  return (
    <Alert color="red" variant="default" title={title}>
      <span dir="auto">{blocked.reason}</span> (<bdi>{actorOf(blocked.actor)}</bdi>, {format.date(blocked.since)})
    </Alert>
  );
}

function SegmentsOf({ member }: { member: CustomerView }) {
  const { t } = useLingui();
  const format = useFormat();
  const { code: workspace } = useWorkspace();
  const known = useQuery(segmentListOptions()).data?.data ?? [];
  const segments = Object.entries(member.segments);
  if (segments.length === 0) return null;
  return (
    <Panel title={t`Segments`}>
      <Facts
        facts={segments.map(([segment, since]) => ({
          label: t`since ${format.date(since)}`,
          value: (
            <Link to="/$workspace/segments/$segment" params={{ workspace, segment }} dir="auto">
              {known.find(({ id }) => id === segment)?.name ?? segment}
            </Link>
          ),
        }))}
      />
    </Panel>
  );
}

function Profile({ member }: { member: CustomerView }) {
  const { t } = useLingui();
  const format = useFormat();
  const facts: Fact[] = [
    { label: t`Known since`, value: format.moment(member.created_at) },
    ...(member.household === null ? [] : [{ label: t`Household`, value: <span dir="auto">{member.household}</span> }]),
    ...Object.entries(member.attributes).map(([name, value]) => ({ label: name, value: <Scalar value={value} /> })),
    ...Object.entries(member.facts).map(([name, fact]) => ({
      label: name,
      value: (
        <Group gap={6}>
          <Scalar value={fact.value} />
          {fact.stale && (
            <Badge tone="warn">
              <Trans>out of date</Trans>
            </Badge>
          )}
        </Group>
      ),
    })),
  ];
  return (
    <Panel title={t`Profile`}>
      <Facts facts={facts} />
      {member.identifiers.length > 0 && (
        <Group gap={6} mt="md">
          {member.identifiers.map(({ type, value }) => (
            <Badge key={`${type}:${value}`}>
              {t(IDENTIFIERS[type])} <bdi>{value}</bdi>
            </Badge>
          ))}
        </Group>
      )}
    </Panel>
  );
}

function Scalar({ value }: { value: string | number | boolean | null }) {
  const format = useFormat();
  if (value === null) return <>–</>;
  if (typeof value === "boolean") return value ? <Trans>yes</Trans> : <Trans>no</Trans>;
  if (typeof value === "number") return <>{format.number(value, 6)}</>;
  return <bdi>{value}</bdi>;
}
