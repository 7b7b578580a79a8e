/** What of a report is wanted, as it stands in the address; what is not there, the server chooses. */
export interface Asked {
  program?: string;
  segment?: string;
  step?: "day" | "week" | "month";
  from?: string;
  to?: string;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const CODE = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const DAY_MS = 86_400_000;
/** How far back a report goes that is cut into days, or into weeks; into months, the server says. */
const SPAN_DAYS = { day: 29, week: 181 } as const;

export function askedOf(search: Record<string, unknown>): Asked {
  const text = (name: string, pattern: RegExp) => {
    const value = search[name];
    return typeof value === "string" && pattern.test(value) ? { [name]: value } : {};
  };
  return { ...text("program", CODE), ...text("segment", CODE), ...text("step", /^(day|week|month)$/), ...text("from", DAY), ...text("to", DAY) };
}

/** The parameters of a call: those of the report alone, and a time that fits the step. */
export function queryOf(asked: Asked, parameters: readonly string[]): Record<string, string> {
  const span = asked.step === "day" || asked.step === "week" ? SPAN_DAYS[asked.step] : undefined;
  const from = asked.from ?? (span === undefined ? undefined : daysBefore(span, asked.to));
  const wanted = { ...asked, from };
  return Object.fromEntries(Object.entries(wanted).flatMap(([name, value]) => (value !== undefined && parameters.includes(name) ? [[name, value]] : [])));
}

function daysBefore(days: number, last: string | undefined): string {
  const end = last === undefined ? Date.now() : new Date(last).getTime();
  return new Date(end - days * DAY_MS).toISOString().slice(0, 10);
}
