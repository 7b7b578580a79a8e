import { useLingui } from "@lingui/react/macro";
import type { MoverResult, SimulationResult } from "@perennial/api-admin";
import { type Column, DataTable, Panel } from "@perennial/ui";
import { Link } from "@tanstack/react-router";

import { useFormat } from "../../i18n/format";
import { useWorkspace } from "../../session/workspace";
import type { Names } from "../../program/names";

/** For whom it makes the greatest difference, both ways. */
export function Movers({ result, names }: { result: SimulationResult; names: Names }) {
  const { t } = useLingui();
  const columns = useColumns(names, result.decimals);
  const several = result.sides.some(({ wallets }) => wallets.length > 1);
  const hint = several ? t`Points of all wallets together` : undefined;
  return (
    <>
      {result.gainers.length > 0 && (
        <Panel title={t`Who gains most`} hint={hint} flush>
          <DataTable label={t`Who gains most`} columns={columns} rows={result.gainers} keyOf={({ customer }) => customer} />
        </Panel>
      )}
      {result.losers.length > 0 && (
        <Panel title={t`Who loses most`} hint={hint} flush>
          <DataTable label={t`Who loses most`} columns={columns} rows={result.losers} keyOf={({ customer }) => customer} />
        </Panel>
      )}
    </>
  );
}

function useColumns(names: Names, decimals: number): Column<MoverResult>[] {
  const { t } = useLingui();
  const format = useFormat();
  const { code: workspace } = useWorkspace();
  const tierOf = (tier: string | null | undefined) => (tier == null ? t`No tier` : names.of(tier));
  return [
    {
      id: "customer",
      title: t`Member`,
      cell: ({ customer }) => (
        <Link to="/$workspace/members/$customer" params={{ workspace, customer }}>
          <bdi>{customer}</bdi>
        </Link>
      ),
    },
    { id: "before", title: t`Points before`, numeric: true, cell: ({ points }) => format.points(points[0] ?? 0, decimals) },
    { id: "after", title: t`Points with the draft`, numeric: true, cell: ({ points }) => format.points(points.at(-1) ?? 0, decimals) },
    { id: "change", title: t`Difference`, numeric: true, cell: ({ change }) => format.change(change, decimals) },
    { id: "tier-before", title: t`Tier before`, cell: ({ tiers }) => <bdi>{tierOf(tiers[0])}</bdi> },
    { id: "tier", title: t`Tier with the draft`, cell: ({ tiers }) => <bdi>{tierOf(tiers.at(-1))}</bdi> },
  ];
}
