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
export function askedOf(search: Record<string, unknown>): Asked {
  const text = (name: string, pattern: RegExp) => {
    const value = search[name];
    return typeof value === "string" && pattern.test(value) ? { [name]: value } : {};
  };
  return { ...text("program", CODE), ...text("segment", CODE), ...text("step", /^(day|week|month)$/), ...text("from", DAY), ...text("to", DAY) };
}

/** The parameters of a call: those that the report takes. */
export function queryOf(asked: Asked, parameters: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(asked).filter(([name]) => parameters.includes(name)));
}
