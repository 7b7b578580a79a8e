import assert from "node:assert/strict";
import { it } from "node:test";

import { isOwn, momentOf, partsOf } from "./summary.ts";

it("keeps everything that a request says, whatever it is called", () => {
  const summary = { customer: null, identifier: "email:ada@example.org", points: 0, reason: "", sure: true, at: { day: 1 } };
  assert.deepEqual(partsOf(summary), [
    ["identifier", "email:ada@example.org"],
    ["points", 0],
    ["sure", "true"],
    ["at", '{"day":1}'],
  ]);
});

it("reads instants as the server keeps them", () => {
  assert.equal(momentOf(1_767_225_600_000_000), "2026-01-01T00:00:00.000Z");
});

it("knows the own request by the whole address", () => {
  assert.ok(isOwn("staff ada@example.org", "ada@example.org"));
  for (const other of ["staff bada@example.org", "staff ada@example.org.uk", "key ada@example.org"]) {
    assert.ok(!isOwn(other, "ada@example.org"));
  }
});
