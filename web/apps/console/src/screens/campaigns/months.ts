const DAY_MS = 86_400_000;

/** The month of a moment as this device sees it, as in 2026-12. */
export function monthOf(moment: Date): string {
  return `${String(moment.getFullYear())}-${String(moment.getMonth() + 1).padStart(2, "0")}`;
}

/** The month so many months after another one. */
export function monthAfter(month: string, count: number): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const moved = new Date(Date.UTC(year, number - 1 + count, 1));
  return moved.toISOString().slice(0, 7);
}

/** All days of a month, as in 2026-12-01. */
export function daysOf(month: string): string[] {
  const end = Date.parse(`${monthAfter(month, 1)}-01T00:00:00Z`);
  const days: string[] = [];
  for (let at = Date.parse(`${month}-01T00:00:00Z`); at < end; at += DAY_MS) days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}

/** One column for each day, all of one width. */
export function columns(days: number): string {
  return `repeat(${String(days)}, minmax(0, 1fr))`;
}
