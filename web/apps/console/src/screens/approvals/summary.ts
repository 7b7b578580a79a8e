/** What a request says of itself, without what it leaves open. */
export function partsOf(summary: Readonly<Record<string, unknown>>): [name: string, value: string | number][] {
  return Object.entries(summary).flatMap(([name, value]): [string, string | number][] => {
    if (value === null || value === undefined || value === "") return [];
    return [[name, typeof value === "string" || typeof value === "number" ? value : JSON.stringify(value)]];
  });
}

/** An instant of the server, in microseconds, as the rest of the API writes it. */
export function momentOf(micros: number): string {
  return new Date(micros / 1_000).toISOString();
}

/** Whether it was this person who asked: the address as a whole, since one may be a part of another one. */
export function isOwn(requestedBy: string, email: string): boolean {
  return requestedBy === `staff ${email}`;
}
