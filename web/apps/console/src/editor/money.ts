import { isRecord } from "../program/records.ts";
import { at, type Path } from "./document.ts";
import type { Schema } from "./schema.ts";

/** Whether the number at a path is an amount of money, as the schema says: by itself, or by what stands around it. */
export function isMoney(schema: Schema, document: unknown, path: Path): boolean {
  if (schema["x-money"] === true) return true;
  const rule = schema["x-money-if"];
  if (rule === undefined) return false;
  for (let length = path.length - 1; length >= 0; length -= 1) {
    const around = at(document, path.slice(0, length));
    if (!isRecord(around)) continue;
    const part = rule.list === undefined ? around : named(around[rule.list], path.at(-1));
    if (isRecord(part) && rule.field in part) return rule.in.includes(said(part[rule.field]));
    if (rule.list !== undefined && isRecord(part)) break;
  }
  return rule.in.includes(null);
}

/** How many decimal places the points at a path are shown with: as many as the wallet has that is named there or nearest around. */
export function decimalsAt(document: unknown, path: Path): number {
  const wallets = at(document, ["wallets"]);
  const all = Array.isArray(wallets) ? wallets.filter(isRecord) : [];
  if (path[0] === "wallets" && typeof path[1] === "number") return decimalsOf(all[path[1]]);
  for (let length = path.length - 1; length >= 0; length -= 1) {
    const around = at(document, path.slice(0, length));
    const wallet = isRecord(around) && typeof around.wallet === "string" ? named(all, around.wallet) : undefined;
    if (isRecord(wallet)) return decimalsOf(wallet);
  }
  const [one = 0, ...others] = new Set(all.map(decimalsOf));
  return others.length === 0 ? one : 0;
}

function decimalsOf(wallet: Record<string, unknown> | undefined): number {
  return typeof wallet?.decimals === "number" ? wallet.decimals : 0;
}

function named(list: unknown, id: unknown): unknown {
  return Array.isArray(list) ? list.find((each: unknown) => isRecord(each) && each.id === id) : undefined;
}

function said(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
