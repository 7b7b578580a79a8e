import type { ColumnView, ReportResult } from "@perennial/api-admin";

export type Cell = string | number | null;

/** Columns that can be drawn on one axis, because they count the same thing. */
export interface View {
  id: string;
  title: string;
  measures: ColumnView[];
}

/** The values of one line or one color of bars, by category. */
export interface Strand {
  name: string;
  values: (number | null)[];
}

const TIMES: readonly string[] = ["period", "day"];

/** The columns that say when or what, and those that say how much. */
export function sidesOf(columns: readonly ColumnView[]): { time?: ColumnView; words: ColumnView[]; measures: ColumnView[] } {
  return {
    time: columns.find(({ kind }) => TIMES.includes(kind)),
    words: columns.filter(({ kind }) => kind === "text"),
    measures: columns.filter(({ kind }) => kind !== "text" && !TIMES.includes(kind)),
  };
}

/** What can be drawn of a report: one measure at a time where words split it, else all of one kind together. */
export function viewsOf(columns: readonly ColumnView[]): View[] {
  const { time, words, measures } = sidesOf(columns);
  if (time !== undefined && words.length > 0) return measures.map((measure) => ({ id: measure.name, title: measure.title, measures: [measure] }));
  const kinds = [...new Set(measures.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const alike = measures.filter((measure) => measure.kind === kind);
    return { id: kind, title: alike.map(({ title }) => title).join(", "), measures: alike };
  });
}

/** The categories of a report, raw and in order, and one strand for each measure, or for each word that splits it. */
export function strandsOf(
  { report, data }: ReportResult,
  view: View,
  nameOf: (column: ColumnView, value: Cell) => string,
): { axis: ColumnView[]; categories: Cell[][]; strands: Strand[] } {
  const { time, words } = sidesOf(report.columns);
  const axis = time === undefined ? words : [time];
  const split = time === undefined ? [] : words;
  const key = (row: (typeof data)[number], columns: ColumnView[]) => JSON.stringify(columns.map(({ name }) => row[name] ?? null));
  const places = new Map<string, number>();
  const categories: Cell[][] = [];
  for (const row of data) {
    const at = key(row, axis);
    if (places.has(at)) continue;
    places.set(at, categories.length);
    categories.push(axis.map(({ name }) => row[name] ?? null));
  }
  const strands = new Map<string, Strand>();
  for (const row of data) {
    for (const measure of view.measures) {
      const id = `${measure.name} ${key(row, split)}`;
      const name = split.length === 0 ? measure.title : split.map((column) => nameOf(column, row[column.name] ?? null)).join(" · ");
      const strand = strands.get(id) ?? { name, values: categories.map(() => null) };
      const value = row[measure.name];
      strand.values[places.get(key(row, axis)) ?? 0] = typeof value === "number" ? value : null;
      strands.set(id, strand);
    }
  }
  return { axis, categories, strands: [...strands.values()] };
}

/** The value of a measure in the last row, and in the row of the period before; undefined where there is none. */
export function lastTwo({ data }: ReportResult, measure: string, only?: Record<string, Cell>): [Cell | undefined, Cell | undefined] {
  const rows = only === undefined ? data : data.filter((row) => Object.entries(only).every(([name, value]) => row[name] === value));
  return [rows.at(-1)?.[measure], rows.at(-2)?.[measure]];
}
