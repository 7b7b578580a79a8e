import { Trans, useLingui } from "@lingui/react/macro";
import type { ConsentView, CustomerView } from "@perennial/api-admin";
import { Badge, Button, type Column, DataTable, EmptyState, Group, Loading, Panel, Text, useDisclosure } from "@perennial/ui";
import { IconMail } from "@perennial/ui/icons";
import { lazy, Suspense, useState } from "react";

import { useFormat } from "../../i18n/format";
import { useMayAny } from "../../session/may";
import { CHANNELS, purposeOf, sourceOf } from "./consent-words";

/** Come when somebody asks for them. */
const ConsentDialog = lazy(() => import("./consent-dialog"));
const ConsentHistory = lazy(async () => ({ default: (await import("./consent-history")).ConsentHistory }));

/** What the dialog begins with: a consent to change, or a new one. */
type Asked = ConsentView | "new";

/** What a member may be told over which channel, since when, and from where one knows. */
export function Consents({ member }: { member: CustomerView }) {
  const { t } = useLingui();
  const may = useMayAny()(["write", "members"]);
  const [asked, setAsked] = useState<Asked>();
  const [told, { toggle }] = useDisclosure(false);
  const columns = useColumns(may ? setAsked : undefined);
  const close = () => {
    setAsked(undefined);
  };
  const record = may && (
    <Button
      size="xs"
      variant="default"
      onClick={() => {
        setAsked("new");
      }}
    >
      <Trans>Record a consent…</Trans>
    </Button>
  );
  const none = member.consents.length === 0;
  return (
    <Panel
      title={t`Consents`}
      hint={t`What the member may be sent, and over which channel. The latest word counts.`}
      actions={!none && record}
      flush
    >
      {none ? (
        <EmptyState icon={<IconMail size={26} />} title={t`Nothing was agreed to yet`} action={record}>
          <Trans>Consents come with the forms of the shop, or are recorded here when the member says so. Until then nothing that needs a consent may be sent.</Trans>
        </EmptyState>
      ) : (
        <>
          <DataTable label={t`Consents`} columns={columns} rows={member.consents} keyOf={(row) => `${row.channel}/${row.purpose}`} />
          <Group px="lg" py="sm">
            <Button size="xs" variant="default" aria-expanded={told} onClick={toggle}>
              {told ? <Trans>Hide all that was said</Trans> : <Trans>Show all that was said</Trans>}
            </Button>
          </Group>
          {told && (
            <Suspense fallback={<Loading lines={3} />}>
              <ConsentHistory customer={member.id} />
            </Suspense>
          )}
        </>
      )}
      {asked !== undefined && (
        <Suspense fallback={null}>
          <ConsentDialog member={member} consent={asked === "new" ? undefined : asked} onClose={close} />
        </Suspense>
      )}
    </Panel>
  );
}

function useColumns(onChange: ((consent: ConsentView) => void) | undefined): Column<ConsentView>[] {
  const { t } = useLingui();
  const format = useFormat();
  return [
    { id: "purpose", title: t`Purpose`, cell: ({ purpose }) => <bdi>{purposeOf(t, purpose)}</bdi> },
    { id: "channel", title: t`Channel`, cell: ({ channel }) => t(CHANNELS[channel]) },
    { id: "state", title: t`State`, cell: ({ state }) => <ConsentBadge state={state} /> },
    { id: "since", title: t`Since`, cell: ({ at }) => format.moment(at) },
    { id: "where", title: t`Where it was said`, cell: (row) => <Where consent={row} /> },
    ...(onChange === undefined
      ? []
      : [
          {
            id: "change",
            title: t`Change`,
            cell: (row: ConsentView) => (
              <Button
                size="xs"
                variant="default"
                aria-label={
                  row.state === "given"
                    ? t`Withdraw… ${purposeOf(t, row.purpose)}, ${t(CHANNELS[row.channel])}`
                    : t`Give again… ${purposeOf(t, row.purpose)}, ${t(CHANNELS[row.channel])}`
                }
                onClick={() => {
                  onChange(row);
                }}
              >
                {row.state === "given" ? <Trans>Withdraw…</Trans> : <Trans>Give again…</Trans>}
              </Button>
            ),
          },
        ]),
  ];
}

/** The word of a member, given or taken back. */
export function ConsentBadge({ state }: { state: ConsentView["state"] }) {
  return state === "given" ? (
    <Badge tone="good">
      <Trans>given</Trans>
    </Badge>
  ) : (
    <Badge tone="warn">
      <Trans>withdrawn</Trans>
    </Badge>
  );
}

/** Where it was said, and below it what proves it. */
export function Where({ consent }: { consent: ConsentView }) {
  const { t } = useLingui();
  return (
    <>
      <bdi>{sourceOf(t, consent.source)}</bdi>
      {consent.wording != null && (
        <Text size="xs" c="dimmed">
          <Trans>
            Text <bdi>{consent.wording}</bdi>
          </Trans>
        </Text>
      )}
      {consent.proof != null && (
        <Text size="xs" c="dimmed">
          <Trans>
            Proof <bdi>{consent.proof}</bdi>
          </Trans>
        </Text>
      )}
    </>
  );
}
