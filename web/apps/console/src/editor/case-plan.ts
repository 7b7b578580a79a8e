import { isRecord } from "../program/records.ts";
import type { Plain } from "./conditions.ts";

/** One line of what is bought: an article, how many of it, and what it costs in all, in minor units. */
export interface PlanLine {
  sku: string;
  amount: number;
  quantity?: number;
}

export type Deed =
  | { kind: "buys"; lines: readonly PlanLine[] }
  | { kind: "cart"; lines: readonly PlanLine[]; codes: readonly string[]; rewards: readonly string[] }
  | { kind: "event"; type: string }
  | { kind: "claims"; reward: string };

/** What a case expects, as far as the form has it; points go by wallet. */
export interface Expected {
  earned?: Readonly<Record<string, number>>;
  balance?: Readonly<Record<string, number>>;
  tier?: string;
  refused?: string;
  discount?: number;
  total?: number;
  /** All messages that are sent for it: an empty list says that none is. */
  messages?: readonly string[];
}

/** A test case as the form shows it: who the member is, what the member does, what must come of it. */
export interface CasePlan {
  day: string;
  time: string;
  tier?: string;
  /** What the member has bought for, thirty days before. */
  spent?: number;
  /** Points that the member holds besides, by wallet. */
  holds: Readonly<Record<string, number>>;
  deed: Deed;
  expect: Expected;
}

const BEFORE_DAYS = 30;
const DAY_MS = 86_400_000;
const MOMENT = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)$/;
const BEFORE = "before";

/** What of the expectations still means something when a member does something else. */
export function fitting(expect: Expected, deed: Deed): Expected {
  const out: readonly string[] = deed.kind === "cart" ? ["earned", "refused", "messages"] : deed.kind === "claims" ? ["discount", "total"] : ["discount", "total", "refused"];
  return Object.fromEntries(Object.entries(expect).filter(([name]) => !out.includes(name)));
}

/** The steps that say what a plan says. */
export function stepsOf(plan: CasePlan, wallets: readonly string[]): Plain[] {
  const at = `${plan.day} ${plan.time}`;
  const first = plan.spent === undefined ? at : `${daysBefore(plan.day)} ${plan.time}`;
  return [
    { at: first, join: true },
    ...(plan.spent === undefined ? [] : [{ at: first, order: { id: BEFORE, lines: [{ sku: BEFORE, amount: plan.spent }] } }]),
    ...(plan.tier === undefined ? [] : [{ at, assign_tier: plan.tier }]),
    ...Object.entries(plan.holds).map(([wallet, points]) => ({ at, adjust: wallets.length === 1 ? { points } : { points, wallet } })),
    { at, ...deedOf(plan.deed), expect: expectOf(plan.expect, wallets) },
  ];
}

function deedOf(deed: Deed): Plain {
  switch (deed.kind) {
    case "buys":
      return { order: { id: "order", lines: deed.lines.map(lineOf) } };
    case "cart":
      return {
        quote: {
          lines: deed.lines.map(lineOf),
          ...(deed.codes.length === 0 ? {} : { codes: [...deed.codes] }),
          ...(deed.rewards.length === 0 ? {} : { rewards: [...deed.rewards] }),
        },
      };
    case "event":
      return { event: { type: deed.type } };
    case "claims":
      return { claim: deed.reward };
  }
}

function lineOf({ sku, amount, quantity }: PlanLine): Plain {
  return quantity === undefined || quantity === 1 ? { sku, amount } : { sku, amount, quantity };
}

function expectOf({ earned, balance, messages, ...rest }: Expected, wallets: readonly string[]): Plain {
  const sent = messages === undefined ? undefined : [...messages];
  return Object.fromEntries(
    Object.entries({ earned: figureOf(earned, wallets), balance: figureOf(balance, wallets), ...rest, messages: sent }).filter(([, value]) => value !== undefined),
  );
}

function figureOf(figure: Readonly<Record<string, number>> | undefined, wallets: readonly string[]): unknown {
  const [only, ...others] = wallets;
  if (figure === undefined || Object.keys(figure).length === 0) return undefined;
  return only !== undefined && others.length === 0 && only in figure ? figure[only] : { ...figure };
}

function daysBefore(day: string): string {
  return new Date(Date.parse(day) - BEFORE_DAYS * DAY_MS).toISOString().slice(0, 10);
}

/** The plan that the steps of a case say; nothing where the form cannot show all of them. */
export function planOf(steps: unknown, wallets: readonly string[]): CasePlan | undefined {
  const list: unknown[] = Array.isArray(steps) ? steps : [];
  const last = list.at(-1);
  const when = isRecord(last) && typeof last.at === "string" ? MOMENT.exec(last.at) : null;
  const deed = isRecord(last) ? readDeed(last) : undefined;
  if (!isRecord(last) || when === null || deed === undefined) return undefined;
  const earlier = list.filter(isRecord);
  const before = earlier.find(({ order }) => isRecord(order) && order.id === BEFORE)?.order;
  const lines: unknown = isRecord(before) ? before.lines : undefined;
  const bought: unknown = Array.isArray(lines) ? lines[0] : undefined;
  const tier = earlier.map(({ assign_tier: named }) => named).find((named) => typeof named === "string");
  const plan: CasePlan = {
    day: when[1] ?? "",
    time: when[2] ?? "",
    ...(tier === undefined ? {} : { tier }),
    ...(isRecord(bought) && typeof bought.amount === "number" ? { spent: bought.amount } : {}),
    holds: Object.fromEntries(earlier.flatMap(({ adjust }) => held(adjust, wallets))),
    deed,
    expect: readExpected(isRecord(last.expect) ? last.expect : {}, wallets),
  };
  return same(stepsOf(plan, wallets), list) ? plan : undefined;
}

function held(adjust: unknown, wallets: readonly string[]): [string, number][] {
  if (!isRecord(adjust) || typeof adjust.points !== "number") return [];
  const wallet = typeof adjust.wallet === "string" ? adjust.wallet : wallets[0];
  return wallet === undefined ? [] : [[wallet, adjust.points]];
}

function readDeed({ order, quote, event, claim }: Plain): Deed | undefined {
  if (isRecord(order)) return { kind: "buys", lines: linesOf(order.lines) };
  if (isRecord(quote)) return { kind: "cart", lines: linesOf(quote.lines), codes: texts(quote.codes), rewards: texts(quote.rewards) };
  if (isRecord(event)) return { kind: "event", type: String(event.type) };
  return typeof claim === "string" ? { kind: "claims", reward: claim } : undefined;
}

function linesOf(lines: unknown): PlanLine[] {
  return (Array.isArray(lines) ? lines : []).filter(isRecord).map((line) => ({
    sku: String(line.sku),
    amount: Number(line.amount),
    ...(typeof line.quantity === "number" ? { quantity: line.quantity } : {}),
  }));
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function readExpected(expect: Plain, wallets: readonly string[]): Expected {
  const figure = (value: unknown): Record<string, number> | undefined => {
    if (typeof value === "number" && wallets[0] !== undefined) return { [wallets[0]]: value };
    return isRecord(value) ? (value as Record<string, number>) : undefined;
  };
  const { earned, balance, tier, refused, discount, total } = expect;
  const messages = Array.isArray(expect.messages) ? texts(expect.messages) : undefined;
  return Object.fromEntries(
    Object.entries({ earned: figure(earned), balance: figure(balance), tier, refused, discount, total, messages }).filter(([, value]) => value !== undefined && value !== null),
  );
}

/** Whether two plain values say the same, in whatever order their fields stand. */
function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([name, part]) => [name, sorted(part)]));
}
