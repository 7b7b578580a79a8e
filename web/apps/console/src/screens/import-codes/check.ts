import { batchCheck } from "@perennial/api-admin";

import type { CodeRow } from "./csv";

/** So many rows are sent at a time; the server takes up to 10,000. */
const PART = 5_000;
const LONGEST = 200;

export interface BadRow extends CodeRow {
  /** What is wrong: words of the server, or what is seen without asking it. */
  message: string | { missing: true } | { long: true } | { twice: number };
}

export interface Checked {
  good: CodeRow[];
  bad: BadRow[];
}

export interface Options {
  reward: string;
  allowWeak: boolean;
}

/** Rows in parts that can be sent: those that come with a customer apart from those that do not. */
export function partsOf(rows: readonly CodeRow[]): CodeRow[][] {
  const groups = [rows.filter(({ customer }) => customer === ""), rows.filter(({ customer }) => customer !== "")];
  return groups.flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / PART) }, (_, part) => group.slice(part * PART, (part + 1) * PART)),
  );
}

/** What is sent of rows: their codes, and whose each will be. */
export function sentOf(rows: readonly CodeRow[]): { codes: string[]; customers?: string[] } {
  const codes = rows.map(({ code }) => code);
  return rows[0]?.customer === "" ? { codes } : { codes, customers: rows.map(({ customer }) => customer) };
}

/** Every row that would be left out and why, before anything is written. */
export async function checkRows(
  rows: readonly CodeRow[],
  options: Options,
  signal: AbortSignal,
  onProgress: (checked: number) => void,
): Promise<Checked> {
  const { good: plausible, bad } = seen(rows);
  const wrong = new Map<number, string>();
  let checked = rows.length - plausible.length;
  for (const part of partsOf(plausible)) {
    const body = { reward: options.reward, allow_weak: options.allowWeak, ...sentOf(part) };
    const { data } = await batchCheck({ body, throwOnError: true, signal });
    for (const { row, message } of data.refused ?? []) {
      const refused = part[row - 1];
      if (refused !== undefined) wrong.set(refused.line, message);
    }
    checked += part.length;
    onProgress(checked);
  }
  for (const row of plausible) {
    const message = wrong.get(row.line);
    if (message !== undefined) bad.push({ ...row, message });
  }
  return { good: plausible.filter(({ line }) => !wrong.has(line)), bad: bad.sort((one, other) => one.line - other.line) };
}

/** What needs no server: rows without a code, codes that are far too long, and those that come twice. */
function seen(rows: readonly CodeRow[]): Checked {
  const first = new Map<string, number>();
  const good: CodeRow[] = [];
  const bad: BadRow[] = [];
  for (const row of rows) {
    const folded = row.code.toUpperCase().replace(/[\s-]/g, "");
    const earlier = first.get(folded);
    if (row.code === "") bad.push({ ...row, message: { missing: true } });
    else if (row.code.length > LONGEST || row.customer.length > LONGEST) bad.push({ ...row, message: { long: true } });
    else if (folded !== "" && earlier !== undefined) bad.push({ ...row, message: { twice: earlier } });
    else {
      first.set(folded, row.line);
      good.push(row);
    }
  }
  return { good, bad };
}
