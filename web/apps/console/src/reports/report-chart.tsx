import { Trans, useLingui } from "@lingui/react/macro";
import type { ReportResult } from "@perennial/api-admin";
import { Chart, EmptyState, HeatMap, NativeSelect, Stack } from "@perennial/ui";
import { IconTrendingUp } from "@perennial/ui/icons";
import { useState } from "react";

import { ReportTable } from "./report-table";
import { useSay } from "./say";
import { sidesOf, strandsOf, viewsOf } from "./shape";

/** A report drawn as its description says. Nothing here knows any report by its name. */
export function ReportChart({ result }: { result: ReportResult }) {
  if (result.data.length === 0) return <NothingYet />;
  if (result.report.chart === "matrix") return <Matrix result={result} />;
  if (result.report.chart === "table") return <ReportTable result={result} />;
  return <Strands result={result} kind={result.report.chart} />;
}

function NothingYet() {
  const { t } = useLingui();
  return (
    <EmptyState icon={<IconTrendingUp size={26} />} title={t`Nothing to draw yet`}>
      <Trans>As soon as something happens in this time, it shows here. A longer time or everybody instead of a segment may show more.</Trans>
    </EmptyState>
  );
}

function Strands({ result, kind }: { result: ReportResult; kind: "line" | "bars" | "stack" }) {
  const { t } = useLingui();
  const say = useSay(result);
  const views = viewsOf(result.report.columns);
  const [chosen, setChosen] = useState<string | null>(null);
  const view = views.find(({ id }) => id === chosen) ?? views[0];
  const measure = view?.measures[0];
  if (view === undefined || measure === undefined) return <ReportTable result={result} />;
  const { axis, categories, strands } = strandsOf(result, view, say.cell);
  return (
    <Stack gap="xs">
      {views.length > 1 && (
        <NativeSelect
          size="xs"
          w={260}
          maw="100%"
          aria-label={t`What is drawn`}
          data={views.map(({ id, title }) => ({ value: id, label: title }))}
          value={view.id}
          onChange={(event) => {
            setChosen(event.currentTarget.value);
          }}
        />
      )}
      <Chart
        label={`${result.report.title}: ${view.title}`}
        kind={kind}
        categoryTitle={axis.map(({ title }) => title).join(", ")}
        categories={categories.map((values) => values.map((value, place) => (axis[place] === undefined ? "" : say.cell(axis[place], value))).join(" · "))}
        series={strands}
        format={(value) => say.cell(measure, value)}
        whole={measure.kind === "count" || (measure.kind === "points" && result.point_decimals === 0)}
        formatAxis={(value) => say.short(measure, value)}
      />
    </Stack>
  );
}

/** Two columns span the field, and the last one that is a share fills it. */
function Matrix({ result }: { result: ReportResult }) {
  const say = useSay(result);
  const [down, across] = result.report.columns;
  const { measures } = sidesOf(result.report.columns);
  const measure = measures.findLast(({ kind }) => kind === "share") ?? measures.at(-1);
  if (down === undefined || across === undefined || measure === undefined) return null;
  const rows = [...new Set(result.data.map((row) => row[down.name] ?? null))];
  const columns = [...new Set(result.data.map((row) => row[across.name] ?? null))];
  const cells = new Map(result.data.map((row) => [JSON.stringify([row[down.name] ?? null, row[across.name] ?? null]), row[measure.name] ?? null]));
  return (
    <HeatMap
      label={`${result.report.title}: ${measure.title}`}
      corner={`${down.title} / ${across.title}`}
      rows={rows.map((row) => ({ name: say.cell(down, row) }))}
      columns={columns.map((column) => say.cell(across, column))}
      values={rows.map((row) =>
        columns.map((column) => {
          const value = cells.get(JSON.stringify([row, column]));
          return typeof value === "number" ? value : null;
        }),
      )}
      format={(value) => say.cell(measure, value)}
    />
  );
}
