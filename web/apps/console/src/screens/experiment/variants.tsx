import { Trans, useLingui } from "@lingui/react/macro";
import type { TrialResults, VariantResult } from "@perennial/api-admin";
import { Alert, type Column, DataTable, Panel } from "@perennial/ui";
import { IconAlertTriangle, IconCheck } from "@perennial/ui/icons";

import { useFormat } from "../../i18n/format";
import { useVariantName } from "../experiments/trial-words";

interface Row {
  id: string;
  weight: number;
  found: VariantResult | undefined;
}

/** Who got what, whether the lot was fair, and the sums as they are. */
export function Variants({ results }: { results: TrialResults }) {
  const { t } = useLingui();
  const columns = useColumns(results);
  const rows = results.trial.variants.map(({ id, weight }): Row => ({ id, weight, found: results.variants.find((each) => each.id === id) }));
  return (
    <Panel title={t`Who got what`} flush>
      <DataTable label={t`Who got what`} columns={columns} rows={rows} keyOf={({ id }) => id} />
      <Split results={results} />
    </Panel>
  );
}

function Split({ results: { split, variants } }: { results: TrialResults }) {
  const { t } = useLingui();
  if (variants.length === 0) return null;
  if (!split.is_even) {
    return (
      <Alert color="red" icon={<IconAlertTriangle size={18} aria-hidden />} title={t`The split is not what the shares say`} m="md">
        <Trans>Chance brings such a split in at most 1 of 1,000 experiments. Something keeps customers out of a variant: look for the fault, and believe no result.</Trans>
      </Alert>
    );
  }
  return (
    <Alert variant="default" icon={<IconCheck size={18} aria-hidden />} title={t`The split is as the shares say`} m="md">
      {split.weights_changed ? (
        <Trans>But the shares were changed meanwhile: what differs may come from when customers came.</Trans>
      ) : (
        <Trans>No more and no fewer customers in each variant than chance explains.</Trans>
      )}
    </Alert>
  );
}

function useColumns({ trial, variants, currency, point_decimals: decimals }: TrialResults): Column<Row>[] {
  const { t } = useLingui();
  const format = useFormat();
  const nameOf = useVariantName();
  const all = variants.reduce((sum, { customers }) => sum + customers, 0);
  const planned = trial.variants.reduce((sum, { weight }) => sum + weight, 0);
  const said = (write: (found: VariantResult) => string) => (row: Row) => (row.found === undefined ? "–" : write(row.found));
  return [
    { id: "variant", title: t`Variant`, cell: ({ id }) => <bdi>{nameOf(trial, id)}</bdi> },
    { id: "planned", title: t`Planned share`, numeric: true, cell: ({ weight }) => format.percent(planned === 0 ? 0 : weight / planned) },
    { id: "share", title: t`Real share`, numeric: true, cell: said(({ customers }) => format.percent(all === 0 ? 0 : customers / all)) },
    { id: "customers", title: t`Customers`, numeric: true, cell: said(({ customers }) => format.number(customers)) },
    { id: "orders", title: t`Orders`, numeric: true, cell: said(({ orders }) => format.number(orders)) },
    { id: "again", title: t`Ordered again`, numeric: true, cell: said(({ retained }) => format.number(retained)) },
    { id: "revenue", title: t`Revenue`, numeric: true, cell: said(({ revenue }) => format.money(revenue, currency)) },
    { id: "points", title: t`Points`, numeric: true, cell: said(({ points }) => format.points(points, decimals)) },
  ];
}
