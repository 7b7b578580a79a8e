import assert from "node:assert/strict";
import { it } from "node:test";

import { aboutOf, decimalsOf, failureIn, isOwn, momentOf, oddIn, partsOf } from "./summary.ts";

it("keeps everything that a request says, whatever it is called", () => {
  const summary = { customer: null, identifier: "email:ada@example.org", points: 0, reason: "", despite_cases: false, sure: true, at: { day: 1 } };
  assert.deepEqual(partsOf(summary), [
    ["identifier", "email:ada@example.org"],
    ["points", 0],
    ["sure", true],
    ["at", '{"day":1}'],
  ]);
});

it("reads points with the decimals of their wallet, which goes by its name", () => {
  const summary = { wallet: "cash/cash", wallet_name: "Money back", points: 10_001, decimals: 2 };
  assert.deepEqual(partsOf(summary), [
    ["wallet", "Money back"],
    ["points", 10_001],
  ]);
  assert.equal(decimalsOf(summary), 2);
  assert.equal(decimalsOf({ points: 5 }), 0);
});

it("says whom or what it is about", () => {
  const nameOf = (program: string) => `The program ${program}`;
  assert.equal(aboutOf({ program: "points", revision: 3 }, nameOf), "The program points");
  assert.equal(aboutOf({ customer: "anna", identifier: null }, nameOf), "anna");
  assert.equal(aboutOf({ customer: null, identifier: "email:ada@example.org" }, nameOf), "email:ada@example.org");
  assert.equal(aboutOf({}, nameOf), "–");
});

it("reads instants as the server keeps them", () => {
  assert.equal(momentOf("valid_from", 1_767_225_600_000_000), "2026-01-01T00:00:00.000Z");
  assert.equal(momentOf("publish_at", "2026-01-01T00:00:00Z"), "2026-01-01T00:00:00Z");
  assert.equal(momentOf("points", 5), undefined);
});

it("knows what came of a request", () => {
  const odd = { path: "earning_rules[0].when", code: "contradicts", words: "never" };
  assert.deepEqual(oddIn({ program: "points", version: 2, assessment: { warnings: [odd], cost: {} } }), [odd]);
  for (const answer of [null, undefined, {}, { assessment: null }]) assert.deepEqual(oddIn(answer), []);
  assert.equal(failureIn({ code: "draft_changed", detail: "It was changed." }), "It was changed.");
  assert.equal(failureIn(undefined), "");
});

it("knows the own request by the whole address", () => {
  assert.ok(isOwn("staff ada@example.org", "ada@example.org"));
  for (const other of ["staff bada@example.org", "staff ada@example.org.uk", "key ada@example.org"]) {
    assert.ok(!isOwn(other, "ada@example.org"));
  }
});
