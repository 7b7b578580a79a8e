import assert from "node:assert/strict";
import { test } from "node:test";

import { type CasePlan, fitting, planOf, stepsOf } from "./case-plan.ts";

const GOLD: CasePlan = {
  day: "2026-06-06",
  time: "12:00",
  tier: "gold",
  spent: 50_000,
  holds: { points: 100 },
  deed: { kind: "buys", lines: [{ sku: "shirt", amount: 8_000 }, { sku: "mug", amount: 900, quantity: 2 }] },
  expect: { earned: { points: 178 }, tier: "gold" },
};

void test("a plan becomes steps, and these are read as the same plan", () => {
  const steps = stepsOf(GOLD, ["points"]);
  assert.deepEqual(steps.map((step) => Object.keys(step)[1]), ["join", "order", "assign_tier", "adjust", "order"]);
  assert.equal(steps[0]?.at, "2026-05-07 12:00");
  assert.deepEqual(steps.at(-1)?.expect, { earned: 178, tier: "gold" });
  assert.deepEqual(planOf(steps, ["points"]), GOLD);
  const several = { ...GOLD, expect: { earned: { points: 1, stars: 2 } }, deed: { kind: "cart", lines: GOLD.deed.kind === "buys" ? GOLD.deed.lines : [], codes: ["SUMMER"], rewards: [] } } as const;
  assert.deepEqual(planOf(stepsOf(several, ["points", "stars"]), ["points", "stars"]), several);
  for (const deed of [{ kind: "event", type: "review.posted" }, { kind: "claims", reward: "five-off" }] as const) {
    const plan: CasePlan = { day: "2026-06-06", time: "12:00", holds: {}, deed, expect: { refused: "insufficient_points" } };
    assert.deepEqual(planOf(stepsOf(plan, ["points"]), ["points"]), plan);
  }
});

void test("messages are expected, also that there are none", () => {
  for (const messages of [["thanks", "more"], []]) {
    const plan: CasePlan = { ...GOLD, expect: { messages } };
    const steps = stepsOf(plan, ["points"]);
    assert.deepEqual(steps.at(-1)?.expect, { messages });
    assert.deepEqual(planOf(steps, ["points"]), plan);
  }
  assert.equal(planOf(stepsOf(GOLD, ["points"]), ["points"])?.expect.messages, undefined);
});

void test("who does something else is not expected what only the first deed can bring", () => {
  const all = { earned: { points: 1 }, balance: { points: 2 }, tier: "gold", refused: "blocked", discount: 3, total: 4, messages: ["thanks"] };
  assert.deepEqual(Object.keys(fitting(all, { kind: "cart", lines: [], codes: [], rewards: [] })), ["balance", "tier", "discount", "total"]);
  assert.deepEqual(Object.keys(fitting(all, { kind: "claims", reward: "cup" })), ["earned", "balance", "tier", "refused", "messages"]);
  assert.deepEqual(Object.keys(fitting(all, GOLD.deed)), ["earned", "balance", "tier", "messages"]);
});

void test("what the form cannot show has no plan, and is not lost by it", () => {
  const steps = stepsOf(GOLD, ["points"]);
  const beside = [
    [...steps, { at: "2026-06-07 12:00", return: { order: "order" } }],
    steps.with(-1, { ...steps.at(-1), customer: "ben" }),
    steps.with(-1, { ...steps.at(-1), expect: { earned: 178, lots: [] } }),
    steps.with(-1, { ...steps.at(-1), at: "2026-06-06T12:00:00Z" }),
    steps.slice(1),
    [],
    "nothing",
  ];
  for (const each of beside) assert.equal(planOf(each, ["points"]), undefined);
});
