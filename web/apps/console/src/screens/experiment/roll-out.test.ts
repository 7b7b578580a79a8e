import assert from "node:assert/strict";
import { test } from "node:test";

import { hasTrial, rolledOut } from "./roll-out.ts";

const PROGRAM = {
  program: "double",
  earning_rules: [{ id: "base" }, { id: "twice" }, { id: "gift" }, { id: "other" }],
  tiers: { levels: [{ id: "gold", multiplier: { by: 2, rules: ["base", "twice"] } }] },
  campaigns: [{ id: "spring", name: "base", earning_rules: [{ id: "spring-points" }] }],
  experiments: [
    {
      id: "bonus",
      variants: [
        { id: "control", weight: 300 },
        { id: "doubled", weight: 300, replace: { rules: { base: "twice" } } },
        { id: "gifts", weight: 300, on: { rules: ["gift"] }, off: { campaigns: ["spring"] } },
      ],
    },
  ],
  holdouts: [
    { id: "never", share: 50 },
    { id: "no-spring", share: 50, campaign: "spring" },
  ],
};

const rules = (document: Record<string, unknown>) => (document.earning_rules as { id: string }[]).map(({ id }) => id);

void test("the winner's part takes the place of another one, wherever that is named", () => {
  const after = rolledOut(PROGRAM, "bonus", "doubled");
  assert.deepEqual(rules(after), ["twice", "other"]);
  assert.deepEqual(after.tiers, { levels: [{ id: "gold", multiplier: { by: 2, rules: ["twice"] } }] });
  assert.deepEqual(after.campaigns, PROGRAM.campaigns);
  assert.equal("experiments" in after, false);
  assert.deepEqual(after.holdouts, PROGRAM.holdouts);
});

void test("what the winner alone had is for everybody, and what it did not have is gone", () => {
  const after = rolledOut(PROGRAM, "bonus", "gifts");
  assert.deepEqual(rules(after), ["base", "gift", "other"]);
  assert.deepEqual(after.campaigns, []);
});

void test("with the control everything is as without the experiment", () => {
  assert.deepEqual(rules(rolledOut(PROGRAM, "bonus", "control")), ["base", "other"]);
});

void test("a holdout ends, and what it held back goes where those held out win", () => {
  const ended = rolledOut(PROGRAM, "never", "treated");
  assert.deepEqual(ended.holdouts, [PROGRAM.holdouts[1]]);
  assert.deepEqual(rules(ended), rules(PROGRAM));
  assert.deepEqual(rolledOut(PROGRAM, "no-spring", "held_out").campaigns, []);
  assert.deepEqual(rolledOut(PROGRAM, "no-spring", "treated").campaigns, PROGRAM.campaigns);
  assert.equal(hasTrial(PROGRAM, "no-spring"), true);
  assert.equal(hasTrial(ended, "never"), false);
});
