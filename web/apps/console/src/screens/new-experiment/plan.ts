import type { Outcome } from "@perennial/api-admin";

import { isRecord } from "../../program/records.ts";
import { freeId, idOf } from "../../shell/ids.ts";

type Plain = Record<string, unknown>;

export const KINDS = ["rules", "rewards", "campaigns", "messages"] as const;
export type Kind = (typeof KINDS)[number];

/** How a variant differs: without a part, alone with it, with another one or with another figure in its place. */
export const WAYS = ["figure", "instead", "off", "on"] as const;
type Way = (typeof WAYS)[number];

/** A part of the program that a variant may differ in. */
export interface Part {
  id: string;
  name: string;
  /** The figure that another value can be tried of: the points of a rule, the price of a reward. */
  figure?: number;
}

export interface VariantPlan {
  name: string;
  /** In percent of all members. */
  share: string;
  way: Way;
  kind: Kind;
  part: string;
  other: string;
  figure: string;
}

/** An experiment as it is put in. More than one difference for a variant is written in the draft. */
export interface Plan {
  program: string;
  sort: "experiment" | "holdout";
  name: string;
  outcome: Outcome;
  /** Local days of the program, as in 2026-12-01; empty: from its publication, and until somebody ends it. */
  starts: string;
  ends: string;
  audience: Plain | undefined;
  control: string;
  variants: readonly VariantPlan[];
  /** Of a holdout: how many percent get nothing, and of what; empty: of the whole program. */
  share: string;
  campaign: string;
}

export const NEW_VARIANT: VariantPlan = { name: "", share: "50", way: "figure", kind: "rules", part: "", other: "", figure: "" };

export const NOTHING_PLANNED: Plan = {
  program: "",
  sort: "experiment",
  name: "",
  outcome: "revenue",
  starts: "",
  ends: "",
  audience: undefined,
  control: "50",
  variants: [NEW_VARIANT],
  share: "5",
  campaign: "",
};

const WHOLE = 1_000;
const PERCENT = /^\d{1,3}(\.\d)?$/;
const FIGURE = /^[1-9]\d{0,11}$/;
const CONTROL = "control";
/** What has a figure of which another value can be tried. */
export const FIGURES: Partial<Record<Kind, string>> = { rules: "points", rewards: "price" };
const LISTS: Record<Kind, string> = { rules: "earning_rules", rewards: "rewards", campaigns: "campaigns", messages: "messages" };

/** A share in thousandths; nothing where it is none. */
export function permille(percent: string): number | undefined {
  const share = PERCENT.test(percent) ? Math.round(Number(percent) * 10) : 0;
  return share > 0 && share <= WHOLE ? share : undefined;
}

/** The same variants with shares as equal as they can be, of all members. */
export function evenly(variants: readonly VariantPlan[]): Partial<Plan> {
  const share = String(Math.floor(WHOLE / (variants.length + 1)) / 10);
  return { control: share, variants: variants.map((variant) => ({ ...variant, share })) };
}

/** What keeps the plan from being one, by the name of its field. */
export function missingIn(plan: Plan): Set<string> {
  const missing = new Set<string>();
  if (plan.name.trim() === "") missing.add("name");
  if (plan.sort === "holdout") {
    const share = permille(plan.share);
    if (share === undefined || share === WHOLE) missing.add("share");
    return missing;
  }
  if (plan.starts !== "" && plan.ends !== "" && plan.ends < plan.starts) missing.add("ends");
  const shares = [plan.control, ...plan.variants.map(({ share }) => share)].map(permille);
  if (shares.includes(undefined) || shares.reduce<number>((sum, share) => sum + (share ?? 0), 0) > WHOLE) missing.add("shares");
  plan.variants.forEach((variant, place) => {
    for (const field of missingOf(variant)) missing.add(`${String(place)}/${field}`);
  });
  return missing;
}

function missingOf({ name, way, part, other, figure }: VariantPlan): string[] {
  return [
    ...(name.trim() === "" ? ["name"] : []),
    ...(part === "" ? ["part"] : []),
    ...(way === "instead" && (other === "" || other === part) ? ["other"] : []),
    ...(way === "figure" && !FIGURE.test(figure) ? ["figure"] : []),
  ];
}

/** The parts of a document that a variant may differ in, by their kind. */
export function partsIn(document: Plain): Record<Kind, Part[]> {
  const campaigns = entriesOf(document.campaigns);
  return {
    rules: [...entriesOf(document.earning_rules).map((each) => partOf(each, "rules")), ...campaigns.flatMap((each) => entriesOf(each.earning_rules).map((rule) => partOf(rule)))],
    rewards: [...entriesOf(document.rewards).map((each) => partOf(each, "rewards")), ...campaigns.flatMap((each) => entriesOf(each.rewards).map((reward) => partOf(reward)))],
    campaigns: campaigns.map((each) => partOf(each)),
    messages: [...entriesOf(document.messages), ...campaigns.flatMap((each) => entriesOf(each.messages))].map((each) => partOf(each)),
  };
}

function partOf(part: Plain, kind?: Kind): Part {
  const id = String(part.id);
  const figure = kind === undefined ? undefined : part[FIGURES[kind] ?? ""];
  return { id, name: typeof part.name === "string" ? part.name : id, ...(typeof figure === "number" && { figure }) };
}

/** The document with what was planned in it; a figure that is tried stands in a copy of its part. */
export function planned(document: Plain, plan: Plan, now: Date): Plain {
  const trials = [...entriesOf(document.experiments), ...entriesOf(document.holdouts)].map(({ id }) => ({ id: String(id) }));
  const id = freeId(idOf(plan.name, plan.sort, now), trials);
  const shared = { id, name: plan.name.trim(), outcome: plan.outcome };
  if (plan.sort === "holdout") {
    const holdout = { ...shared, share: permille(plan.share), ...(plan.campaign !== "" && { campaign: plan.campaign }) };
    return { ...document, holdouts: [...entriesOf(document.holdouts), holdout] };
  }
  let after = document;
  const variants: Plain[] = [{ id: CONTROL, weight: permille(plan.control) }];
  for (const variant of plan.variants) {
    const taken = variants.map((each) => ({ id: String(each.id) }));
    const name = variant.name.trim();
    const ours = freeId(idOf(name, "variant", now), taken);
    const { document: next, difference } = differing(after, variant, ours);
    after = next;
    variants.push({ id: ours, name, weight: permille(variant.share), ...difference });
  }
  const experiment = {
    ...shared,
    ...(plan.audience !== undefined && { audience: plan.audience }),
    ...(plan.starts !== "" && { starts: plan.starts }),
    ...(plan.ends !== "" && { ends: plan.ends }),
    variants,
  };
  return { ...after, experiments: [...entriesOf(document.experiments), experiment] };
}

function differing(document: Plain, { way, kind, part, other, figure }: VariantPlan, variant: string): { document: Plain; difference: Plain } {
  if (way === "on" || way === "off") return { document, difference: { [way]: { [kind]: [part] } } };
  if (way === "instead") return { document, difference: { replace: { [kind]: { [part]: other } } } };
  const list = LISTS[kind];
  const parts = entriesOf(document[list]);
  const place = parts.findIndex(({ id }) => id === part);
  const taken = Object.values(partsIn(document)).flat();
  const id = freeId(`${part}-${variant}`, taken);
  const copy = { ...parts[place], id, [FIGURES[kind] ?? ""]: Number(figure) };
  const named = alsoNamed(document, kind, part, id) as Plain;
  return { document: { ...named, [list]: parts.toSpliced(place + 1, 0, copy) }, difference: { replace: { [kind]: { [part]: id } } } };
}

/** Where a list names some parts of a kind, such as those that a tier multiplies, it names the copy of one as well. */
function alsoNamed(value: unknown, kind: Kind, part: string, copy: string, field?: string): unknown {
  if (Array.isArray(value)) {
    const list = value as unknown[];
    if (field === kind && list.includes(part)) return [...list, copy];
    const items = list.map((each) => alsoNamed(each, kind, part, copy));
    return items.some((each, place) => each !== list[place]) ? items : value;
  }
  if (!isRecord(value)) return value;
  const after = Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, name === "experiments" ? each : alsoNamed(each, kind, part, copy, name)]),
  );
  return Object.keys(value).some((name) => after[name] !== value[name]) ? after : value;
}

function entriesOf(list: unknown): Plain[] {
  return Array.isArray(list) ? list.filter(isRecord) : [];
}
