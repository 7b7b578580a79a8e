import type { Assessment, Flaw } from "@perennial/api-admin";

/** What only says how another part is to be read. */
const READ_WITH = new Set(["decimals", "wallet_name"]);

/** What a request says of itself, without what it leaves open or does not want. */
export function partsOf(summary: Readonly<Record<string, unknown>>): [name: string, value: string | number | true][] {
  return Object.entries(summary).flatMap(([name, value]): [string, string | number | true][] => {
    if (READ_WITH.has(name) || value === null || value === undefined || value === "" || value === false) return [];
    if (name === "wallet" && typeof summary.wallet_name === "string") return [[name, summary.wallet_name]];
    return [[name, typeof value === "string" || typeof value === "number" || value === true ? value : JSON.stringify(value)]];
  });
}

/** The instant that a part of a request names: in microseconds, or as the rest of the API writes it. */
export function momentOf(name: string, value: unknown): string | undefined {
  if (name === "valid_from" && typeof value === "number") return new Date(value / 1_000).toISOString();
  return name === "publish_at" && typeof value === "string" ? value : undefined;
}

/** Where the point of the amounts in a request stands. */
export function decimalsOf({ decimals }: Readonly<Record<string, unknown>>): number {
  return typeof decimals === "number" ? decimals : 0;
}

/** Whom or what a request is about: a program by its name, or a member. */
export function aboutOf(summary: Readonly<Record<string, unknown>>, nameOf: (program: string) => string): string {
  const { program, customer, identifier } = summary;
  if (typeof program === "string") return nameOf(program);
  return [customer, identifier].find((each) => typeof each === "string") ?? "–";
}

/** What is odd about the version that a decided request has published. */
export function oddIn(answer: unknown): readonly Flaw[] {
  return (answer as { assessment?: Assessment | null } | null)?.assessment?.warnings ?? [];
}

/** Why a decided request could not be done. */
export function failureIn(answer: unknown): string {
  return (answer as { detail?: string } | null)?.detail ?? "";
}

/** Whether it was this person who asked: the address as a whole, since one may be a part of another one. */
export function isOwn(requestedBy: string, email: string): boolean {
  return requestedBy === `staff ${email}`;
}
