import type { Assessment, Flaw } from "@perennial/api-admin";

/** What a request says of itself, without what it leaves open or does not want. */
export function partsOf(summary: Readonly<Record<string, unknown>>): [name: string, value: string | number | true][] {
  return Object.entries(summary).flatMap(([name, value]): [string, string | number | true][] => {
    if (value === null || value === undefined || value === "" || value === false) return [];
    return [[name, typeof value === "string" || typeof value === "number" || value === true ? value : JSON.stringify(value)]];
  });
}

/** The instant that a part of a request names: in microseconds, or as the rest of the API writes it. */
export function momentOf(name: string, value: unknown): string | undefined {
  if (name === "valid_from" && typeof value === "number") return new Date(value / 1_000).toISOString();
  return name === "publish_at" && typeof value === "string" ? value : undefined;
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
