import type { CalendarView, EntryView } from "@perennial/api-admin";

interface Bar {
  /** The places of its first and last day among the days shown. */
  first: number;
  last: number;
}

export interface Row {
  key: string;
  program: string;
  id: string | null;
  name: string;
  kind: EntryView["kind"];
  state: EntryView["state"];
  bars: Bar[];
  /** How many separate times it is open on these days. */
  times: number;
  overlaps: string[];
}

/** One row for each thing of the calendar, with the days on which it is open joined to bars. */
export function rowsOf(view: CalendarView, days: readonly string[]): Row[] {
  const rows = new Map<string, Row>();
  for (const entry of view.entries) {
    const key = [entry.program, entry.kind, entry.id ?? "", entry.state].join("/");
    const row = rows.get(key) ?? emptyRow(key, entry);
    rows.set(key, row);
    row.times += 1;
    row.overlaps = [...new Set([...row.overlaps, ...entry.overlaps])];
    addDays(row.bars, { first: place(days, entry.first_day), last: place(days, entry.last_day) });
  }
  return [...rows.values()];
}

function emptyRow(key: string, { program, id, name, kind, state }: EntryView): Row {
  return { key, program, id, name, kind, state, bars: [], times: 0, overlaps: [] };
}

/** Entries come in the order of their time: one that touches the last bar makes it longer. */
function addDays(bars: Bar[], bar: Bar): void {
  const before = bars.at(-1);
  if (before !== undefined && bar.first <= before.last + 1) before.last = Math.max(before.last, bar.last);
  else bars.push(bar);
}

/** Where a day stands among the days shown; one outside of them stands at the edge. */
function place(days: readonly string[], day: string): number {
  const first = days[0] ?? day;
  if (day < first) return 0;
  const found = days.indexOf(day);
  return found === -1 ? days.length - 1 : found;
}
