import { looksAt, type Plain } from "./conditions.ts";
import type { Schema } from "./schema.ts";

/** What people look for in any part, even where nothing is written yet. */
const COMMON = new Set(["name", "points", "per", "percent", "trigger", "measure", "when", "price", "gives", "value", "schedule", "currency", "time_zone", "multiplier", "description"]);
/** So many fields need no folding. */
const FEW = 6;

const measured = (field: string) => (part: Plain) => typeof part.measure !== "string" || looksAt(part.measure, field);
const counted = (part: Plain) => part.per === "attribute";
const repeated = (part: Plain) => part.rrule !== undefined;
const spanned = (part: Plain) => part.lasts === "span";
const ordered = (part: Plain) => part.on === undefined || part.on === "order";

/** The fields that only mean something beside another one, by the part that they belong to, or by themselves. */
const ASKED: Record<string, (part: Plain) => boolean> = {
  "Goal.attribute": measured("attribute"),
  "Goal.event": measured("event"),
  "Goal.wallet": measured("wallet"),
  "Goal.where": measured("where"),
  "TierMetric.attribute": measured("attribute"),
  "TierMetric.balance": ({ measure }) => measure === undefined,
  "TierMetric.event": measured("event"),
  "TierMetric.wallet": measured("wallet"),
  "TierMetric.where": measured("where"),
  "TierSystem.extend": spanned,
  "TierSystem.grace_round_up": ({ grace }) => grace !== undefined,
  "TierSystem.span": spanned,
  "Limit.attribute": counted,
  "Limit.by_product": ({ units }) => units !== undefined,
  "SharedLimit.attribute": counted,
  "SharedLimit.by_product": ({ units }) => units !== undefined,
  "Schedule.duration": repeated,
  "Schedule.rrule_start": repeated,
  "Enrollment.segment": ({ mode }) => mode === "segment",
  "Conversion.counts": ordered,
  "Conversion.event": ({ on }) => on === "event",
  "Conversion.min_order": ordered,
  cooldown_per: ({ cooldown }) => cooldown !== undefined,
};

export interface Which {
  shape: Schema;
  value: Plain;
  /** What the part was when its form was opened: what is shown stays where it is while somebody types. */
  before: Plain;
  without: readonly string[];
  /** How many wallets there are to choose from. */
  wallets: number;
  /** Whether something is wrong with a field, or with a part of it. */
  wrong: (name: string) => boolean;
}

/** The fields of a part that are shown, and those that are folded away: rare ones, where nothing is written and nothing wrong. */
export function whichFields({ shape, value, before, without, wallets, wrong }: Which): { first: string[]; rest: string[] } {
  const { properties = {}, required = [], title = "" } = shape;
  const written = (name: string) => value[name] !== undefined || before[name] !== undefined;
  const fits = (name: string) => {
    const asked = ASKED[`${title}.${name}`] ?? ASKED[name];
    return (asked?.(value) ?? true) && (name !== "wallet" || wallets > 1);
  };
  const names = Object.keys(properties)
    .filter((name) => name !== "type" && !without.includes(name) && (fits(name) || written(name) || wrong(name)))
    .toSorted((one, other) => rank(one) - rank(other));
  // Whoever has a name is known by it: the short name is for engineers.
  const isFirst = (name: string) => {
    if (wrong(name)) return true;
    if (name === "id") return properties.name === undefined;
    return required.includes(name) || before[name] !== undefined || COMMON.has(name) || name === "wallet" || names.length < FEW;
  };
  return { first: names.filter(isFirst), rest: names.filter((name) => !isFirst(name)) };
}

/** People look for the name first, then for what is counted or given; few tiers go by a balance; the short name is last. */
function rank(name: string): number {
  const first = ["name", "measure", "points"].indexOf(name);
  const last = ["balance", "id"].indexOf(name);
  return first >= 0 ? first - 3 : last + 1;
}
