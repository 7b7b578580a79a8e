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

const ASKING = {
  program: "asking",
  earning_rules: [
    { id: "base", when: { all: [{ fact: "experiment.bonus", is_not: "control" }, { fact: "order.total", at_least: 100 }] } },
    { id: "only", when: { fact: "experiment.bonus", in: ["doubled"] } },
    { id: "rest", when: { not: { fact: "experiment.bonus", is: "doubled" } } },
    { id: "either", when: { any: [{ fact: "experiment.bonus", is: "control" }, { fact: "order.total", is: 1 }, { fact: "order.total", is: 2 }] } },
    { id: "idle", when: { any: [] } },
  ],
  campaigns: [{ id: "spring", earning_rules: [{ id: "inside", when: { fact: "experiment.bonus", is: "control" } }] }],
  tiers: { levels: [{ id: "gold", multiplier: { by: 2, rules: ["base", "rest", "inside"] } }] },
  experiments: [{ id: "bonus", variants: [{ id: "control", weight: 500 }, { id: "doubled", weight: 500 }] }],
};

void test("conditions that ask for the variant are answered, and what they keep from everybody is gone", () => {
  const after = rolledOut(ASKING, "bonus", "doubled");
  assert.deepEqual(after.earning_rules, [
    { id: "base", when: { fact: "order.total", at_least: 100 } },
    { id: "only" },
    { id: "either", when: { any: [{ fact: "order.total", is: 1 }, { fact: "order.total", is: 2 }] } },
    { id: "idle", when: { any: [] } },
  ]);
  assert.deepEqual(after.campaigns, [{ id: "spring", earning_rules: [] }]);
  assert.deepEqual(after.tiers, { levels: [{ id: "gold", multiplier: { by: 2, rules: ["base"] } }] });
});

void test("with the control the other conditions are answered", () => {
  const after = rolledOut(ASKING, "bonus", "control");
  assert.deepEqual(rules(after), ["rest", "either", "idle"]);
  assert.deepEqual((after.earning_rules as unknown[]).slice(0, 2), [{ id: "rest" }, { id: "either" }]);
});

void test("what is compared in another way stays to be looked at", () => {
  const odd = { ...ASKING, earning_rules: [{ id: "odd", when: { fact: "experiment.bonus", starts_with: "d" } }] };
  assert.deepEqual(rolledOut(odd, "bonus", "doubled").earning_rules, odd.earning_rules);
});

void test("messages are rolled out as rules are, those of campaigns too", () => {
  const mailing = {
    messages: [{ id: "thanks" }, { id: "warm" }, { id: "more" }],
    campaigns: [{ id: "spring", messages: [{ id: "spring-mail" }] }],
    experiments: [
      {
        id: "tone",
        variants: [
          { id: "control", weight: 500 },
          { id: "warmer", weight: 500, replace: { messages: { thanks: "warm" } }, off: { messages: ["spring-mail"] } },
        ],
      },
    ],
  };
  const ids = (list: unknown) => (list as { id: string }[]).map(({ id }) => id);
  const warmer = rolledOut(mailing, "tone", "warmer");
  assert.deepEqual(ids(warmer.messages), ["warm", "more"]);
  assert.deepEqual(warmer.campaigns, [{ id: "spring", messages: [] }]);
  const control = rolledOut(mailing, "tone", "control");
  assert.deepEqual(ids(control.messages), ["thanks", "more"]);
  assert.deepEqual(control.campaigns, mailing.campaigns);
});
