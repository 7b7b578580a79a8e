import assert from "node:assert/strict";
import { it } from "node:test";

import { hasForm } from "./formless.ts";

it("knows which problems no form shows", () => {
  for (const path of ["declarations.events.visit", "rfm", "rfm.recency[0]", "referrals.codes.pattern"]) assert.equal(hasForm(path), false, path);
  for (const path of ["earning_rules[base].points", "referrals.offers[0]", "referrals", "currency", ""]) assert.equal(hasForm(path), true, path);
});
