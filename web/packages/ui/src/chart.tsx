import { Button, Skeleton } from "@mantine/core";
import { useLingui } from "@lingui/react/macro";
import { lazy, Suspense, useState } from "react";

import classes from "./chart.module.css";
import { DataTable } from "./data-table";

export interface ChartSeries {
  name: string;
  /** One value for each category; null where there is none. */
  values: readonly (number | null)[];
  /** Drawn behind the others, dashed and grey: what the rest is compared with. */
  muted?: boolean;
}

export interface ChartProps {
  /** What the chart shows, for those who hear it. */
  label: string;
  kind: "line" | "bars" | "stack";
  /** What stands along the axis, in order, as people read it. */
  categories: readonly string[];
  /** What the categories are: the head of the first column of the table. */
  categoryTitle: string;
  series: readonly ChartSeries[];
  /** How a value is written. */
  format: (value: number) => string;
  /** How a value is written beside the axis, where there is little room; as `format` if left out. */
  formatAxis?: (value: number) => string;
  /** Values are whole numbers: the axis has no steps between them. */
  whole?: boolean;
  /** In pixels. */
  height?: number;
}

const HEIGHT = 260;
const NONE = "–";
const Canvas = lazy(() => import("./chart-canvas"));

/** A chart that follows theme, direction, language and its container; the same numbers as a table are one click away. */
export function Chart(props: ChartProps) {
  const { t } = useLingui();
  const [asTable, setAsTable] = useState(false);
  const { height = HEIGHT } = props;
  return (
    <div>
      {asTable ? (
        <Numbers {...props} />
      ) : (
        <Suspense fallback={<Skeleton height={height} />}>
          <Canvas {...props} height={height} />
        </Suspense>
      )}
      <div className={classes.switch}>
        <Button
          size="compact-xs"
          variant="subtle"
          onClick={() => {
            setAsTable(!asTable);
          }}
          aria-label={asTable ? t`Show the chart: ${props.label}` : t`Show the numbers: ${props.label}`}
        >
          {asTable ? t`Show the chart` : t`Show the numbers`}
        </Button>
      </div>
    </div>
  );
}

function Numbers({ label, categories, categoryTitle, series, format }: ChartProps) {
  const columns = [
    { id: "category", title: categoryTitle, cell: (row: number) => categories[row] },
    ...series.map(({ name, values }, place) => ({
      id: `series-${String(place)}`,
      title: name,
      numeric: true,
      cell: (row: number) => said(values[row], format),
    })),
  ];
  return (
    // A box that scrolls must be within reach of the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={classes.numbers} role="region" aria-label={label} tabIndex={0}>
      <DataTable label={label} columns={columns} rows={categories.map((_, row) => row)} keyOf={(row) => row} />
    </div>
  );
}

function said(value: number | null | undefined, format: (value: number) => string): string {
  return value == null ? NONE : format(value);
}
