import { Trans, useLingui } from "@lingui/react/macro";
import type { VersionView } from "@perennial/api-admin";
import { Badge, type Column, DataTable, EmptyState, Panel, Text } from "@perennial/ui";
import { IconVersions } from "@perennial/ui/icons";

import { useFormat } from "../../i18n/format";
import { useActor } from "../../session/use-actor";
import { useZones } from "../../program/use-zones";
import { useMay } from "../../session/may";
import { RollbackButton } from "./rollback-button";

/** The history: what ran when, who published it and why; any of it can run again. */
export function Versions({ program, versions }: { program: string; versions: readonly VersionView[] }) {
  const { t } = useLingui();
  const columns = useColumns(program, Math.max(0, ...versions.map((each) => each.version)));
  const rows = [...versions].sort((one, other) => other.version - one.version);
  return (
    <Panel title={t`Versions`} hint={t`A version never changes. Rolling back publishes an older one again.`} flush>
      {rows.length === 0 ? (
        <EmptyState icon={<IconVersions size={26} />} title={t`Nothing is published yet`}>
          <Trans>Publish the draft, and its first version will be listed here.</Trans>
        </EmptyState>
      ) : (
        <DataTable label={t`Versions`} columns={columns} rows={rows} keyOf={(row) => row.version} />
      )}
    </Panel>
  );
}

function useColumns(program: string, newest: number): Column<VersionView>[] {
  const { t } = useLingui();
  const format = useFormat();
  const actorOf = useActor();
  const zone = useZones()(program);
  const may = useMay("programs");
  return [
    {
      id: "version",
      title: t`Version`,
      cell: (row) => (
        <>
          {format.number(row.version)}{" "}
          {row.version === newest && (
            <Badge tone="good">
              <Trans>newest</Trans>
            </Badge>
          )}
        </>
      ),
    },
    { id: "from", title: t`Valid from`, cell: (row) => format.moment(row.valid_from, zone) },
    { id: "published", title: t`Published`, cell: (row) => format.moment(row.published_at) },
    {
      id: "actor",
      title: t({ message: "By", context: "who" }),
      cell: (row) => {
        const planned = row.planned_at === null || row.planned_at === undefined ? undefined : format.moment(row.planned_at);
        return (
          <>
            <bdi>{actorOf(row.actor)}</bdi>
            {planned !== undefined && (
              <Text size="xs" c="dimmed">
                <Trans>planned {planned}</Trans>
              </Text>
            )}
          </>
        );
      },
    },
    { id: "note", title: t`Note`, cell: (row) => <bdi>{row.note === "" ? "–" : row.note}</bdi> },
    ...(may
      ? [
          {
            id: "rollback",
            title: t`Action`,
            cell: (row: VersionView) =>
              row.version === newest ? "–" : <RollbackButton program={program} version={row.version} newest={newest} />,
          },
        ]
      : []),
  ];
}
