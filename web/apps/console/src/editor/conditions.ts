import { isRecord } from "../program/records.ts";

/** A condition as documents hold it. The builder changes this tree and has no other form of it. */
export type Plain = Record<string, unknown>;
export type Shape = "all" | "any" | "not" | "fact" | "lines" | "history" | "other";

const OPERATORS = [
  "is", "is_not", "more_than", "at_least", "less_than", "at_most", "between", "in", "not_in", "contains", "starts_with", "matches", "exists", "within",
] as const;
export type Operator = (typeof OPERATORS)[number];

export const QUANTIFIERS = ["any", "every", "none", "cheapest", "most_expensive", "count", "quantity", "sum"] as const;
export const LINE_MEASURES: readonly string[] = ["count", "quantity", "sum"];
export const MEASURES = ["orders.count", "orders.net", "lines.net", "lines.quantity", "points.earned", "events.count", "events.sum"] as const;
export type Measure = (typeof MEASURES)[number];

const FIELDS: Partial<Record<Shape, readonly string[]>> = {
  all: ["all"],
  any: ["any"],
  not: ["not"],
  fact: ["fact"],
  lines: ["lines", "where"],
  history: ["history", "where", "event", "attribute", "wallet", "window"],
};
const COMPARED: readonly Shape[] = ["fact", "lines", "history"];

/** The same part without one of its fields. */
export function without(node: Plain, field: string): Plain {
  return Object.fromEntries(Object.entries(node).filter(([name]) => name !== field));
}

/** What a part of a condition is; `other` is everything that cannot be shown as a sentence without losing something. */
export function shapeOf(node: unknown): Shape {
  if (!isRecord(node)) return "other";
  const kinds = (Object.keys(FIELDS) as Shape[]).filter((kind) => kind in node);
  const shape = kinds[0];
  if (shape === undefined || kinds.length !== 1) return "other";
  const operators = Object.keys(node).filter((key) => isOperator(key));
  const known = FIELDS[shape] ?? [];
  if (Object.keys(node).some((key) => !known.includes(key) && !(COMPARED.includes(shape) && isOperator(key)))) return "other";
  return fits(shape, node, operators) ? shape : "other";
}

function fits(shape: Shape, node: Plain, operators: readonly string[]): boolean {
  if ("where" in node && !isRecord(node.where)) return false;
  switch (shape) {
    case "all":
    case "any":
      return Array.isArray(node[shape]);
    case "not":
      return isRecord(node.not);
    case "fact":
      return typeof node.fact === "string" && compared(node, operators);
    case "lines":
      if (!(QUANTIFIERS as readonly unknown[]).includes(node.lines)) return false;
      return LINE_MEASURES.includes(String(node.lines)) ? compared(node, operators) : operators.length === 0 && isRecord(node.where);
    case "history":
      return (MEASURES as readonly unknown[]).includes(node.history) && compared(node, operators) && windowOf(node.window) !== undefined;
    default:
      return false;
  }
}

function compared(node: Plain, operators: readonly string[]): boolean {
  const operator = operators[0];
  if (operator === undefined || operators.length !== 1) return false;
  const operand = node[operator];
  if (operator === "in" || operator === "not_in") return Array.isArray(operand) && operand.every(isScalar);
  if (operator === "between" || operator === "within") return Array.isArray(operand) && operand.length === 2 && operand.every(isScalar);
  return isScalar(operand);
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "boolean" || (typeof value === "number" && Number.isInteger(value));
}

function isOperator(key: string): key is Operator {
  return (OPERATORS as readonly string[]).includes(key);
}

export function operatorOf(node: Plain): Operator {
  return Object.keys(node).find((key) => isOperator(key)) as Operator | undefined ?? "is";
}

/** The same part with another operator and operand, at the same place among its fields. */
export function comparedBy(node: Plain, operator: Operator, operand: unknown): Plain {
  const before = operatorOf(node);
  return Object.fromEntries(Object.entries(node).map(([key, value]) => (key === before ? [operator, operand] : [key, value])));
}

export type Window =
  | { kind: "ever" | "since_joining" }
  | { kind: "calendar"; period: string; offset: number }
  | { kind: "last"; unit: string; length: number };

const UNITS: readonly string[] = ["years", "months", "weeks", "days"];
export const PERIODS: readonly string[] = ["day", "week", "month", "quarter", "year"];

/** Which part of the past counts; nothing where the sentence has no words for it. */
export function windowOf(plain: unknown): Window | undefined {
  if (plain === undefined || plain === "ever") return { kind: "ever" };
  if (plain === "since_joining") return { kind: "since_joining" };
  if (!isRecord(plain)) return undefined;
  const { calendar, offset = 0, last } = plain;
  const names = Object.keys(plain);
  if (names.length === 1 && plain.ever === true) return { kind: "ever" };
  if (names.length === 1 && plain.since_joining === true) return { kind: "since_joining" };
  if (typeof calendar === "string" && PERIODS.includes(calendar) && (offset === 0 || offset === -1) && names.every((name) => name === "calendar" || name === "offset"))
    return { kind: "calendar", period: calendar, offset };
  if (!isRecord(last) || names.length !== 1) return undefined;
  const [only, more] = Object.entries(last);
  if (only === undefined || more !== undefined || !UNITS.includes(only[0]) || typeof only[1] !== "number") return undefined;
  return { kind: "last", unit: only[0], length: only[1] };
}

export function plainOf(window: Window): unknown {
  switch (window.kind) {
    case "ever":
      return undefined;
    case "since_joining":
      return "since_joining";
    case "calendar":
      return window.offset === 0 ? { calendar: window.period } : { calendar: window.period, offset: window.offset };
    case "last":
      return { last: { [window.unit]: window.length } };
  }
}

/** The parts of a group. */
export function partsOf(group: Plain, shape: "all" | "any"): readonly unknown[] {
  const parts = group[shape];
  return Array.isArray(parts) ? parts : [];
}

/** What sort of value a part is compared with, as far as the value tells. */
export function typeOf(operand: unknown): "boolean" | "integer" | "text" {
  const one: unknown = Array.isArray(operand) ? operand[0] : operand;
  return typeof one === "boolean" ? "boolean" : typeof one === "number" ? "integer" : "text";
}

/** What a figure of the past is measured by, beside its name. */
const MEASURED: Record<Measure, readonly string[]> = {
  "orders.count": ["where"],
  "orders.net": ["where"],
  "lines.net": ["where"],
  "lines.quantity": ["where"],
  "points.earned": ["wallet"],
  "events.count": ["where", "event"],
  "events.sum": ["where", "event", "attribute"],
};

/** Whether a measure looks at a field of its figure. */
export function looksAt(measure: string, field: string): boolean {
  return (MEASURED as Record<string, readonly string[]>)[measure]?.includes(field) ?? true;
}

/** The same figure by another measure, without what only the one before looks at: a filter stays among its like. */
export function measuredBy(node: Plain, measure: Measure): Plain {
  const before = String(node.history);
  const alike = before.split(".")[0] === measure.split(".")[0];
  const kept = Object.entries(node).filter(([name]) => (name === "where" ? alike : true) && (looksAt(measure, name) || !looksAtAny(name)));
  return { ...Object.fromEntries(kept), history: measure };
}

function looksAtAny(field: string): boolean {
  return MEASURES.some((measure) => MEASURED[measure].includes(field));
}

/** Whether a figure over lines or over the past is an amount of money; of facts the server says so. */
export function sumsMoney(node: Plain): boolean {
  return node.lines === "sum" || node.history === "orders.net" || node.history === "lines.net";
}
