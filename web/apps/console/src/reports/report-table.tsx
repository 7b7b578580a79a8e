import type { ReportResult } from "@perennial/api-admin";
import { DataTable } from "@perennial/ui";

import { useSay } from "./say";

/** Every figure of a report, row by row. */
export function ReportTable({ result }: { result: ReportResult }) {
  const say = useSay(result);
  const columns = result.report.columns.map((column) => ({
    id: column.name,
    title: column.title,
    numeric: !["text", "period", "day"].includes(column.kind),
    cell: (row: number) => <bdi>{say.cell(column, result.data[row]?.[column.name])}</bdi>,
  }));
  return <DataTable label={result.report.title} columns={columns} rows={result.data.map((_, row) => row)} keyOf={(row) => row} />;
}
