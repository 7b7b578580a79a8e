import { useLingui } from "@lingui/react/macro";
import type { TrialView } from "@perennial/api-admin";
import { Badge, type Column, DataTable } from "@perennial/ui";
import { Link } from "@tanstack/react-router";

import { useFormat } from "../../i18n/format";
import { useProgramName } from "../../program/use-program-name";
import { useZones } from "../../program/use-zones";
import { useWorkspace } from "../../session/workspace";
import { KINDS, OUTCOMES, STATES } from "./trial-words";

/** Everything that was ever tried, each with where it stands and on how many. */
export function ExperimentTable({ trials }: { trials: readonly TrialView[] }) {
  const { t } = useLingui();
  const columns = useColumns();
  return <DataTable label={t`All experiments`} columns={columns} rows={trials} keyOf={(row) => `${row.program}/${row.id}`} />;
}

function useColumns(): Column<TrialView>[] {
  const { t } = useLingui();
  const format = useFormat();
  const zoneOf = useZones();
  const { code: workspace } = useWorkspace();
  const nameOf = useProgramName();
  return [
    {
      id: "experiment",
      title: t`Name`,
      cell: ({ program, id, name }) => (
        <Link to="/$workspace/experiments/$program/$trial" params={{ workspace, program, trial: id }}>
          <bdi>{name ?? id}</bdi>
        </Link>
      ),
    },
    { id: "program", title: t`Program`, cell: ({ program }) => <bdi>{nameOf(program)}</bdi> },
    { id: "kind", title: t`Kind`, cell: ({ kind }) => t(KINDS[kind]) },
    { id: "state", title: t`State`, cell: ({ state }) => <Badge tone={STATES[state].tone}>{t(STATES[state].label)}</Badge> },
    { id: "outcome", title: t`Judged by`, cell: ({ outcome }) => t(OUTCOMES[outcome]) },
    { id: "since", title: t`Since`, cell: ({ program, first_exposed_at: since }) => (since === null ? "–" : format.date(since, zoneOf(program))) },
    { id: "customers", title: t`Customers`, numeric: true, cell: ({ variants }) => format.number(variants.reduce((sum, { customers }) => sum + customers, 0)) },
  ];
}
