import { Trans, useLingui } from "@lingui/react/macro";
import type { BudgetResult, SideResult, SimulationResult } from "@perennial/api-admin";
import { type Column, DataTable, Panel } from "@perennial/ui";

import { useFormat } from "../../i18n/format";
import { useSideName } from "./side-name";

interface Row extends BudgetResult {
  side: SideResult;
  /** A figure of it as money, or as points of its wallet. */
  say: (figure: number) => string;
}

/** What would have been used of each cap, and when it would have run out. */
export function Budgets({ result }: { result: SimulationResult }) {
  const { t } = useLingui();
  const format = useFormat();
  const nameOf = useSideName();
  const rows = result.sides.flatMap((side) => side.budgets.map((budget): Row => ({ ...budget, side, say: (figure) => (budget.currency === null ? format.points(figure, budget.decimals) : format.money(figure, budget.currency)) })));
  if (rows.length === 0) return null;
  const columns: Column<Row>[] = [
    { id: "budget", title: t`Budget`, cell: ({ words }) => <span dir="auto">{format.list(words)}</span> },
    { id: "side", title: t`Side`, cell: ({ side }) => nameOf(side) },
    { id: "used", title: t`Used`, numeric: true, cell: ({ say, used }) => say(used) },
    { id: "cap", title: t`Cap`, numeric: true, cell: ({ say, cap }) => say(cap) },
    { id: "asked", title: t`Without the cap`, numeric: true, cell: ({ say, asked }) => say(asked) },
    {
      id: "out",
      title: t`Ran out`,
      cell: ({ ran_out_at: out }) => (out === null ? <Trans context="until now">never</Trans> : format.date(out)),
    },
  ];
  return (
    <Panel title={t`Budgets`} flush>
      <DataTable label={t`Budgets`} columns={columns} rows={rows} keyOf={(row) => `${row.side.name}/${row.budget}/${String(row.period)}`} />
    </Panel>
  );
}
