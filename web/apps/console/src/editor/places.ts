import type { FactEntry, Where } from "@perennial/api-admin";

import { isRecord } from "../program/records.ts";
import { type Measure, MEASURES } from "./conditions.ts";
import { at, type Path } from "./document.ts";

/** Where a part of a condition stands: the places that the server knows, the lines of an order, and a figure of the past. */
export type Place = Where | "filter" | Measure;

const ALONE = ["member", "wallet", "challenge", "now"];
const PERSON = [...ALONE, "experiment"];
const ORDERS = [...PERSON, "order", "location"];
const LINES = ["line", ...ORDERS];
const PAID = "order.paid";

const SOURCES: Record<Place, readonly string[]> = {
  segment: ["member", "wallet", "lots", "now"],
  audience: ALONE,
  member: PERSON,
  campaign: ORDERS,
  order: ORDERS,
  rule: ORDERS,
  rule_lines: LINES,
  benefit_lines: ["line", "order", "now"],
  filter: LINES,
  "orders.count": ["order"],
  "orders.net": ["order"],
  "lines.net": ["line", "order"],
  "lines.quantity": ["line", "order"],
  "points.earned": [],
  "events.count": ["event"],
  "events.sum": ["event"],
};

/** The facts that may be asked at a place, where such an event triggers it or is counted. */
export function factsAt(facts: readonly FactEntry[], place: Place, trigger: string): readonly FactEntry[] {
  const sources = place === "rule" && trigger !== PAID ? [...PERSON, "event"] : SOURCES[place];
  return facts.filter(({ source, event }) => sources.includes(source) && (event == null || event === trigger));
}

/** Whether the lines of an order may be asked about at a place. */
export function hasLines(place: Place, trigger: string): boolean {
  return place === "rule" ? trigger === PAID : ["order", "campaign", "orders.count", "orders.net"].includes(place);
}

/** Whether the past may be asked about at a place: not inside another figure of the past. */
export function hasPast(place: Place): boolean {
  return place !== "benefit_lines" && !place.includes(".");
}

/** Whether a place is one by itself, of whose conditions the server says something. */
export function isWhere(place: Place): place is Where {
  return place !== "filter" && !place.includes(".");
}

/** Where in a program a condition stands. */
export function placeOf(document: unknown, path: Path): Place {
  const field = path.at(-1);
  // A message fires as a rule does.
  const inRule = path.includes("earning_rules") || path.includes("messages");
  if (field === "where") {
    const measure = at(document, [...path.slice(0, -1), "measure"]);
    return MEASURES.find((each) => each === measure) ?? "orders.count";
  }
  if (field === "lines" || field === "get_lines") return inRule ? "rule_lines" : "benefit_lines";
  if (field === "usable_when") return "order";
  if (field === "audience") return "audience";
  if (inRule || path.at(-2) === "converts") return "rule";
  return path[0] === "campaigns" && path.length === 3 ? "campaign" : "member";
}

/** The event at which a condition of a program is asked. */
export function triggerOf(document: unknown, path: Path): string {
  const part = at(document, path.slice(0, -1));
  if (!isRecord(part)) return PAID;
  if (path.at(-1) === "where") return typeof part.event === "string" ? part.event : "";
  if (path.at(-2) !== "converts") return typeof part.trigger === "string" ? part.trigger : PAID;
  if (part.on === "event") return typeof part.event === "string" ? part.event : "";
  return part.on === "joining" ? "member.joined" : PAID;
}
