import assert from "node:assert/strict";
import { test } from "node:test";

import { evenly, missingIn, NEW_VARIANT, NOTHING_PLANNED, partsIn, permille, type Plan, planned } from "./plan.ts";

const NOW = new Date("2027-01-02T03:04:05Z");
const PROGRAM = {
  program: "points",
  earning_rules: [{ id: "base", name: "For money", type: "per_amount", points: 1, per: 100 }, { id: "gift", type: "fixed", points: 5 }],
  rewards: [{ id: "mug", name: "A mug", price: 300 }],
  tiers: { levels: [{ id: "gold", multiplier: { by: 2, rules: ["base"] } }] },
  campaigns: [{ id: "spring", name: "Spring", earning_rules: [{ id: "spring-points", points: 3 }] }],
  experiments: [{ id: "first", variants: [] }],
};
const PLAN: Plan = { ...NOTHING_PLANNED, program: "points", name: "First" };

void test("a figure is tried in a copy of its part, which is named wherever that is", () => {
  const variants = [{ ...NEW_VARIANT, name: "Two points", part: "base", figure: "2" }];
  const after = planned(PROGRAM, { ...PLAN, variants }, NOW);
  assert.deepEqual(after.earning_rules, [
    PROGRAM.earning_rules[0],
    { id: "base-two-points", name: "For money", type: "per_amount", points: 2, per: 100 },
    PROGRAM.earning_rules[1],
  ]);
  assert.deepEqual(after.tiers, { levels: [{ id: "gold", multiplier: { by: 2, rules: ["base", "base-two-points"] } }] });
  assert.equal(after.rewards, PROGRAM.rewards);
  assert.deepEqual((after.experiments as unknown[])[1], {
    id: "first-2",
    name: "First",
    outcome: "revenue",
    variants: [
      { id: "control", weight: 500 },
      { id: "two-points", name: "Two points", weight: 500, replace: { rules: { base: "base-two-points" } } },
    ],
  });
});

void test("variants are without a part, alone with it, or with another one", () => {
  const variants = [
    { ...NEW_VARIANT, name: "A", way: "off" as const, kind: "campaigns" as const, part: "spring" },
    { ...NEW_VARIANT, name: "B", way: "on" as const, part: "gift" },
    { ...NEW_VARIANT, name: "B", way: "instead" as const, part: "base", other: "gift" },
  ];
  const after = planned(PROGRAM, { ...PLAN, ...evenly(variants), starts: "2027-02-01" }, NOW);
  const [, experiment] = after.experiments as { starts: string; variants: unknown[] }[];
  assert.equal(experiment?.starts, "2027-02-01");
  assert.deepEqual(experiment.variants, [
    { id: "control", weight: 250 },
    { id: "a", name: "A", weight: 250, off: { campaigns: ["spring"] } },
    { id: "b", name: "B", weight: 250, on: { rules: ["gift"] } },
    { id: "b-2", name: "B", weight: 250, replace: { rules: { base: "gift" } } },
  ]);
});

void test("a holdout is a share of the members, of everything or of a campaign", () => {
  const after = planned(PROGRAM, { ...PLAN, sort: "holdout", share: "2.5", campaign: "spring", outcome: "profit" }, NOW);
  assert.deepEqual(after.holdouts, [{ id: "first-2", name: "First", outcome: "profit", share: 25, campaign: "spring" }]);
});

void test("what is missing is said by its field", () => {
  assert.deepEqual(missingIn(NOTHING_PLANNED), new Set(["name", "0/name", "0/part", "0/figure"]));
  assert.deepEqual(missingIn({ ...PLAN, sort: "holdout", share: "100" }), new Set(["share"]));
  const variants = [{ ...NEW_VARIANT, name: "A", part: "base", figure: "2", share: "50.1" }];
  assert.deepEqual(missingIn({ ...PLAN, variants }), new Set(["shares"]));
  assert.deepEqual(["5", "0.1", "100", "0", "101", "x", "1.25"].map(permille), [50, 1, 1_000, undefined, undefined, undefined, undefined]);
});

void test("the figures of parts are those that can be tried", () => {
  const parts = partsIn(PROGRAM);
  assert.deepEqual(parts.rules.map(({ id, figure }) => [id, figure]), [["base", 1], ["gift", 5], ["spring-points", undefined]]);
  assert.deepEqual(parts.rewards, [{ id: "mug", name: "A mug", figure: 300 }]);
});

void test("messages are tried against each other, wherever they stand", () => {
  const mailing = {
    ...PROGRAM,
    messages: [{ id: "thanks", name: "Thank you" }, { id: "warm" }],
    campaigns: [{ id: "spring", messages: [{ id: "spring-mail" }] }],
  };
  assert.deepEqual(partsIn(mailing).messages, [
    { id: "thanks", name: "Thank you" },
    { id: "warm", name: "warm" },
    { id: "spring-mail", name: "spring-mail" },
  ]);
  const variants = [{ ...NEW_VARIANT, name: "B", way: "instead" as const, kind: "messages" as const, part: "thanks", other: "warm" }];
  const after = planned(mailing, { ...PLAN, variants }, NOW);
  assert.deepEqual((after.experiments as { variants: unknown[] }[])[1]?.variants[1], {
    id: "b",
    name: "B",
    weight: 500,
    replace: { messages: { thanks: "warm" } },
  });
});
