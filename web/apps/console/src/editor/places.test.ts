import assert from "node:assert/strict";
import { it } from "node:test";

import type { FactEntry } from "@perennial/api-admin";

import type { Path } from "./document.ts";
import { factsAt, hasLines, hasPast, type Place, placeOf, triggerOf } from "./places.ts";

const DOCUMENT = { tiers: { metrics: [{ measure: "lines.net" }] }, challenges: [{ goals: [{ measure: "events.sum", event: "run" }] }] };

const PLACES: readonly [Path, Place][] = [
  [["earning_rules", 0, "when"], "rule"],
  [["campaigns", 0, "earning_rules", 0, "when"], "rule"],
  [["campaigns", 0, "when"], "campaign"],
  [["earning_rules", 0, "lines"], "rule_lines"],
  [["rewards", 0, "gives", 0, "lines"], "benefit_lines"],
  [["rewards", 0, "gives", 0, "get_lines"], "benefit_lines"],
  [["rewards", 0, "usable_when"], "order"],
  [["rewards", 0, "when"], "member"],
  [["experiments", 0, "audience"], "audience"],
  [["referrals", "offers", 0, "converts", "when"], "rule"],
  [["referrals", "offers", 0, "friend", "when"], "member"],
  [["tiers", "metrics", 0, "where"], "lines.net"],
  [["challenges", 0, "goals", 0, "where"], "events.sum"],
];

it("knows where each condition of a program stands", () => {
  for (const [path, place] of PLACES) assert.equal(placeOf(DOCUMENT, path), place, path.join("."));
});

it("knows what a condition is asked at", () => {
  const converts = (terms: object) => triggerOf({ referrals: { offers: [{ converts: terms }] } }, ["referrals", "offers", 0, "converts", "when"]);
  assert.equal(converts({}), "order.paid");
  assert.equal(converts({ on: "joining" }), "member.joined");
  assert.equal(converts({ on: "event", event: "visit" }), "visit");
  assert.equal(triggerOf({ earning_rules: [{ trigger: "visit" }] }, ["earning_rules", 0, "when"]), "visit");
  assert.equal(triggerOf(DOCUMENT, ["challenges", 0, "goals", 0, "where"]), "run");
  assert.equal(triggerOf({}, ["earning_rules", 0, "when"]), "order.paid");
});

const FACTS = ["member", "experiment", "order", "location", "line", "lots", "now"].map((source) => ({ name: `${source}.x`, source }) as FactEntry);
const EVENTS = ["visit", "run"].map((event) => ({ name: "event.x", source: "event", event }) as FactEntry);

function sources(place: Place, trigger: string): string[] {
  return factsAt([...FACTS, ...EVENTS], place, trigger).map(({ source, event }) => event ?? source);
}

it("offers what the server lets ask at a place", () => {
  assert.deepEqual(sources("rule", "order.paid"), ["member", "experiment", "order", "location", "now"]);
  assert.deepEqual(sources("rule", "visit"), ["member", "experiment", "now", "visit"]);
  assert.deepEqual(sources("benefit_lines", "order.paid"), ["order", "line", "now"]);
  assert.deepEqual(sources("segment", ""), ["member", "lots", "now"]);
  assert.deepEqual(sources("audience", ""), ["member", "now"]);
  assert.deepEqual(sources("orders.net", "order.paid"), ["order"]);
  assert.deepEqual(sources("lines.quantity", "order.paid"), ["order", "line"]);
  assert.deepEqual(sources("events.sum", "run"), ["run"]);
  assert.deepEqual(sources("points.earned", ""), []);
});

it("asks about lines and the past only where that can be", () => {
  assert.deepEqual([hasLines("rule", "order.paid"), hasLines("rule", "visit"), hasLines("member", ""), hasLines("orders.net", "")], [true, false, false, true]);
  assert.deepEqual([hasPast("member"), hasPast("filter"), hasPast("benefit_lines"), hasPast("orders.net")], [true, true, false, false]);
});
