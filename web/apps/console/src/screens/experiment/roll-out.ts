import { isRecord } from "../../program/records.ts";
import { isNever, withKnownVariant } from "./known-variant.ts";

type Plain = Record<string, unknown>;

type Kind = "rules" | "rewards" | "campaigns" | "messages";

/** How other parts of a document name parts of each kind. */
const NAMED_BY: Record<string, Kind> = { rule: "rules", rules: "rules", reward: "rewards", rewards: "rewards", campaign: "campaigns", campaigns: "campaigns", messages: "messages" };
/** Where a part of each kind stands; rules, rewards and messages stand in campaigns as well. */
const LISTS: Record<string, Kind> = { earning_rules: "rules", rewards: "rewards", campaigns: "campaigns", messages: "messages" };
const HELD_OUT = "held_out";
/** What must hold for a part to give anything. */
const ASKED = ["when", "lines"];

/** Whether a document has an experiment or holdout. */
export function hasTrial(document: Plain, id: string): boolean {
  return [...entriesOf(document.experiments), ...entriesOf(document.holdouts)].some((each) => each.id === id);
}

/**
 * The document without an experiment, where everybody gets one of its variants: what that one replaces or has off is
 * gone, and so is what other variants alone had, by name or by a condition that asked for the variant. Without a holdout,
 * everybody gets what it held back; if those held out win, the campaign that was held back is gone instead.
 */
export function rolledOut(document: Plain, trial: string, variant: string): Plain {
  const experiment = entriesOf(document.experiments).find(({ id }) => id === trial);
  const holdout = entriesOf(document.holdouts).find(({ id }) => id === trial);
  const rest = defined({ ...document, ...trimmed(document, "experiments", trial), ...trimmed(document, "holdouts", trial) });
  const known = withKnownVariant(rest, trial, variant);
  const idle = idleIn(rest, known);
  if (experiment !== undefined) return withVariant(known, entriesOf(experiment.variants), variant, idle);
  if (variant === HELD_OUT && typeof holdout?.campaign === "string") idle.campaigns.add(holdout.campaign);
  return unnamed(withoutParts(known, idle), idle) as Plain;
}

/** The parts that can give nothing any more, as a condition of theirs holds for nobody now. */
function idleIn(before: Plain, after: Plain): Record<Kind, Set<string>> {
  const idle = byKind(() => new Set<string>());
  const look = (was: Plain, now: Plain) => {
    for (const [name, kind] of Object.entries(LISTS)) {
      const old = entriesOf(was[name]);
      for (const [place, part] of entriesOf(now[name]).entries()) {
        const turned = ASKED.some((field) => isNever(part[field]) && !isNever(old[place]?.[field]));
        if (turned && typeof part.id === "string") idle[kind].add(part.id);
        if (kind === "campaigns") look(old[place] ?? {}, part);
      }
    }
  };
  look(before, after);
  return idle;
}

function withVariant(document: Plain, variants: readonly Plain[], chosen: string, idle: Record<Kind, Set<string>>): Plain {
  const all = variants.map((variant) => ({ id: variant.id, ...partsOf(variant) }));
  const winner = all.find(({ id }) => id === chosen);
  const gone = byKind((kind) => {
    const kept = new Set(winner?.gets[kind] ?? []);
    const tried = all.flatMap(({ gets }) => gets[kind]).filter((id) => !kept.has(id));
    return new Set([...tried, ...(winner?.loses[kind] ?? []), ...idle[kind]]);
  });
  const instead = winner?.instead ?? byKind(() => new Map<string, string>());
  return unnamed(renamed(withoutParts(document, gone), instead), gone) as Plain;
}

/** What a variant gets that is not for everybody, what it does not get, and what it gets in place of what. */
function partsOf(variant: Plain) {
  const [on, off, replace] = [variant.on, variant.off, variant.replace].map((part) => (isRecord(part) ? part : {}));
  const instead = byKind((kind) => new Map(Object.entries(isRecord(replace?.[kind]) ? (replace[kind] as Record<string, string>) : {})));
  return {
    gets: byKind((kind) => [...textsOf(on?.[kind]), ...instead[kind].values()]),
    loses: byKind((kind) => [...textsOf(off?.[kind]), ...instead[kind].keys()]),
    instead,
  };
}

function withoutParts(document: Plain, gone: Record<Kind, Set<string>>): Plain {
  const kept = (list: unknown, kind: Kind) =>
    Array.isArray(list) ? (list as unknown[]).filter((each) => !(isRecord(each) && typeof each.id === "string" && gone[kind].has(each.id))) : list;
  const lists = (part: Plain): Plain => ({
    ...part,
    ...Object.fromEntries(Object.entries(LISTS).flatMap(([name, kind]) => (name in part ? [[name, kept(part[name], kind)]] : []))),
  });
  const top = lists(document);
  if (!Array.isArray(top.campaigns)) return top;
  return { ...top, campaigns: top.campaigns.map((each: unknown) => (isRecord(each) ? lists(each) : each)) };
}

/** What names a part that another one replaces names that one now. */
function renamed(value: unknown, instead: Record<Kind, Map<string, string>>, kind?: Kind): unknown {
  if (typeof value === "string") return kind === undefined ? value : (instead[kind].get(value) ?? value);
  if (Array.isArray(value)) {
    const items = value.map((each: unknown) => renamed(each, instead, kind));
    return kind !== undefined && items.every((each) => typeof each === "string") ? [...new Set(items)] : items;
  }
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, renamed(part, instead, NAMED_BY[name])]));
}

/** What is gone is named in no list any more; a list of it alone stays, for whoever publishes to decide. */
function unnamed(value: unknown, gone: Record<Kind, Set<string>>, kind?: Kind): unknown {
  if (Array.isArray(value)) {
    const items = value.map((each: unknown) => unnamed(each, gone));
    const left = kind === undefined ? items : items.filter((each) => !(typeof each === "string" && gone[kind].has(each)));
    return left.length === 0 ? items : left;
  }
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, unnamed(part, gone, NAMED_BY[name])]));
}

function trimmed(document: Plain, list: string, id: string): Plain {
  if (!Array.isArray(document[list])) return {};
  const rest = entriesOf(document[list]).filter((each) => each.id !== id);
  return { [list]: rest.length === 0 ? undefined : rest };
}

function defined(document: Plain): Plain {
  return Object.fromEntries(Object.entries(document).filter(([, part]) => part !== undefined));
}

function byKind<Value>(make: (kind: Kind) => Value): Record<Kind, Value> {
  return { rules: make("rules"), rewards: make("rewards"), campaigns: make("campaigns"), messages: make("messages") };
}

function entriesOf(list: unknown): Plain[] {
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function textsOf(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((each) => typeof each === "string") : [];
}
