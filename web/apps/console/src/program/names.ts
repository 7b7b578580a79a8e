import { isRecord } from "./records";

export interface Names {
  /** What people call a part of the program, by its id. */
  of: (id: string) => string;
  /** Where the point of a wallet's amounts stands. */
  decimals: (wallet: string) => number;
  /** Where its days begin. */
  zone: string;
}

export const PLAIN: Names = { of: (id) => id, decimals: () => 0, zone: "UTC" };

/** What a document of a program calls its parts. */
export function namesOf(document: unknown): Names {
  const names = new Map<string, string>();
  const decimals = new Map<string, number>();
  collect(document, names);
  const wallets: unknown = isRecord(document) ? document.wallets : [];
  for (const wallet of Array.isArray(wallets) ? wallets : []) {
    if (isRecord(wallet) && typeof wallet.id === "string") {
      decimals.set(wallet.id, typeof wallet.decimals === "number" ? wallet.decimals : 0);
    }
  }
  return {
    of: (id) => names.get(id) ?? id,
    zone: isRecord(document) && typeof document.time_zone === "string" ? document.time_zone : PLAIN.zone,
    decimals: (wallet) => decimals.get(wallet) ?? 0,
  };
}

/** Every part of the document that has an id and a name. */
function collect(part: unknown, names: Map<string, string>): void {
  if (Array.isArray(part)) {
    for (const each of part) collect(each, names);
    return;
  }
  if (!isRecord(part)) return;
  if (typeof part.id === "string" && typeof part.name === "string") names.set(part.id, part.name);
  for (const each of Object.values(part)) collect(each, names);
}
