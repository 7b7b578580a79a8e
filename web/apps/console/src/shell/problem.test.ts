import assert from "node:assert/strict";
import { it } from "node:test";

import { saidByBrowser, toldBy } from "./problem.ts";

const PROBLEM = { code: "invalid", detail: "Not so.", status: 422, request_id: "r1" };

it("has the first of what is wrong, else the whole", () => {
  const errors = [{ path: "$.name", code: "missing", message: "A name is missing." }];
  assert.equal(toldBy({ ...PROBLEM, errors }).words, "A name is missing.");
  assert.equal(toldBy({ ...PROBLEM, errors: [] }).words, "Not so.");
  assert.equal(toldBy(PROBLEM).words, "Not so.");
  assert.equal(toldBy(new Error("No answer.")).words, "No answer.");
});

it("knows what a browser says by itself", () => {
  assert.equal(saidByBrowser(new DOMException("The operation either timed out or was not allowed.", "NotAllowedError")), "declined");
  assert.equal(saidByBrowser(new DOMException("It is registered.", "InvalidStateError")), "known");
  assert.equal(saidByBrowser(new TypeError("Failed to fetch")), "unreachable");
  for (const other of [PROBLEM, new Error("No."), undefined]) assert.equal(saidByBrowser(other), undefined);
});
