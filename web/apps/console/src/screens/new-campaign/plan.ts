export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** A Monday to Sunday by whose dates the days of the week get their names. */
export const SAMPLE_WEEK = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-06", "2024-01-07"];

/** A campaign as it is put in: what most campaigns are. Everything else is written in its document. */
export interface Plan {
  program: string;
  name: string;
  /** Whether it multiplies what orders earn, or gives points for each order besides. */
  gives: "multiple" | "extra";
  factor: string;
  extra: string;
  /** Local days of the program, as in 2026-12-01; empty: without a beginning or an end. */
  starts: string;
  ends: string;
  days: readonly Weekday[];
  /** Times of a day, as in 17:00; empty: the whole day. */
  from: string;
  to: string;
  /** A tier that the member must have; empty: everybody. */
  tier: string;
  /** The most points that all members together get besides; empty: no cap. */
  cap: string;
}

export const NOTHING_PLANNED: Plan = {
  program: "",
  name: "",
  gives: "multiple",
  factor: "2",
  extra: "100",
  starts: "",
  ends: "",
  days: [],
  from: "",
  to: "",
  tier: "",
  cap: "",
};

const FACTOR = /^\d{1,3}(\.\d{1,2})?$/;
const WHOLE = /^[1-9]\d{0,11}$/;

export type Missing = "program" | "name" | "factor" | "extra" | "ends" | "to" | "cap";

/** What keeps the plan from being one. */
export function missingIn(plan: Plan): Set<Missing> {
  const missing = new Set<Missing>();
  if (plan.program === "") missing.add("program");
  if (plan.name.trim() === "") missing.add("name");
  if (plan.gives === "multiple" && !(FACTOR.test(plan.factor) && Number(plan.factor) > 1)) missing.add("factor");
  if (plan.gives === "extra" && !WHOLE.test(plan.extra)) missing.add("extra");
  if (plan.starts !== "" && plan.ends !== "" && plan.ends < plan.starts) missing.add("ends");
  if ((plan.from === "") !== (plan.to === "")) missing.add("to");
  if (plan.gives === "extra" && plan.cap !== "" && !WHOLE.test(plan.cap)) missing.add("cap");
  return missing;
}

/** The campaign as it stands in a program's document. */
export function documentOf(plan: Plan, id: string): Record<string, unknown> {
  const schedule = scheduleOf(plan);
  return {
    name: plan.name.trim(),
    ...(Object.keys(schedule).length > 0 && { schedule }),
    ...(plan.tier !== "" && { when: { fact: "member.tier", is: plan.tier } }),
    ...(plan.gives === "multiple" ? { multiplier: { by: plan.factor } } : extraOf(plan, id)),
  };
}

function scheduleOf({ starts, ends, days, from, to }: Plan): Record<string, unknown> {
  const window = {
    ...(days.length > 0 && days.length < WEEKDAYS.length && { days }),
    ...(from !== "" && { start: from, end: to }),
  };
  return {
    ...(starts !== "" && { starts }),
    ...(ends !== "" && { ends }),
    ...(Object.keys(window).length > 0 && { windows: [window] }),
  };
}

/** What a multiplier adds is not counted by limits, so that only points of its own have a cap. */
function extraOf({ name, extra, cap }: Plan, id: string): Record<string, unknown> {
  return {
    earning_rules: [{ id: `${id}-points`, type: "fixed", name: name.trim(), trigger: "order.paid", points: Number(extra), multiplied: false }],
    ...(cap !== "" && { limits: [{ points: Number(cap), per: "total" }] }),
  };
}
