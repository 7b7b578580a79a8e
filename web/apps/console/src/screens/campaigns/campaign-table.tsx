import { Trans, useLingui } from "@lingui/react/macro";
import type { CampaignView } from "@perennial/api-admin";
import { Badge, type Column, DataTable } from "@perennial/ui";
import { Link } from "@tanstack/react-router";

import { useFormat } from "../../i18n/format";
import { useProgramName } from "../../program/use-program-name";
import { useZones } from "../../program/use-zones";
import { useWorkspace } from "../../session/workspace";
import { STATES } from "./states";

/** The campaigns as a list, each with the one thing to know about its time and its budget. */
export function CampaignTable({ campaigns }: { campaigns: readonly CampaignView[] }) {
  const { t } = useLingui();
  const columns = useColumns();
  return <DataTable label={t`All campaigns`} columns={columns} rows={campaigns} keyOf={(row) => `${row.program}/${row.id}`} />;
}

function useColumns(): Column<CampaignView>[] {
  const { t } = useLingui();
  const format = useFormat();
  const { code: workspace } = useWorkspace();
  const nameOf = useProgramName();
  return [
    {
      id: "campaign",
      title: t`Campaign`,
      cell: ({ program, id, name }) => (
        <Link to="/$workspace/campaigns/$program/$campaign" params={{ workspace, program, campaign: id }}>
          <bdi>{name}</bdi>
        </Link>
      ),
    },
    { id: "program", title: t`Program`, cell: ({ program }) => <bdi>{nameOf(program)}</bdi> },
    { id: "state", title: t`State`, cell: (row) => <Badge tone={STATES[row.state].tone}>{t(STATES[row.state].label)}</Badge> },
    { id: "when", title: t`Next`, cell: (row) => <Next campaign={row} /> },
    {
      id: "budget",
      title: t`Budget used`,
      numeric: true,
      cell: (row) => {
        const share = mostUsed(row);
        return share === undefined ? "–" : format.percent(share);
      },
    },
  ];
}

function Next({ campaign: { program, opens_at: opens, closes_at: closes, state } }: { campaign: CampaignView }) {
  const format = useFormat();
  const zone = useZones()(program);
  if (state === "ended") return "–";
  if (opens !== null) return <Trans>opens {format.moment(opens, zone)}</Trans>;
  if (closes !== null) return <Trans>closes {format.moment(closes, zone)}</Trans>;
  return <Trans>always open</Trans>;
}

/** The share of the limit that is nearest to its end. */
function mostUsed({ budgets }: CampaignView): number | undefined {
  const shares = budgets.flatMap(({ used, cap }) => (used === null || cap === 0 ? [] : [used / cap]));
  return shares.length === 0 ? undefined : Math.max(...shares);
}
