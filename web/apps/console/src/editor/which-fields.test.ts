import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";

import { type Plain, without } from "./conditions.ts";
import { type Definitions, resolved } from "./schema.ts";
import { whichFields } from "./which-fields.ts";

const { $defs: DEFINITIONS } = JSON.parse(
  readFileSync(new URL("../../../../../docs/reference/program.schema.json", import.meta.url), "utf8"),
) as { $defs: Definitions };

function shown(name: string, value: Plain, { before = value, wallets = 1, wrong = "" } = {}) {
  const shape = resolved({ $ref: `#/$defs/${name}` }, DEFINITIONS);
  return whichFields({ shape, value, before, without: [], wallets, wrong: (field) => field === wrong });
}

it("shows what is common and what is written, and folds the rest away", () => {
  const { first, rest } = shown("Reward", { id: "mug", name: "A mug", gives: [], stock: 5 });
  assert.equal(first[0], "name");
  for (const name of ["price", "gives", "stock"]) assert.ok(first.includes(name), name);
  for (const name of ["id", "category", "judged_on"]) assert.ok(rest.includes(name), name);
});

it("leaves a field where it is while it is emptied or filled", () => {
  const begun = { id: "mug", name: "A mug", gives: [], stock: 5 };
  const emptied = without(begun, "stock");
  assert.deepEqual(shown("Reward", emptied, { before: begun }), shown("Reward", begun));
  assert.deepEqual(shown("Reward", { ...begun, priority: 1 }, { before: begun }), shown("Reward", begun));
});

it("never folds away what is wrong", () => {
  const reward = { id: "mug", name: "A mug", gives: [] };
  for (const name of ["id", "wallet", "category"]) assert.ok(shown("Reward", reward, { wrong: name }).first.includes(name), name);
});

it("asks for a wallet where there are several", () => {
  const all = ({ first, rest }: { first: string[]; rest: string[] }) => [...first, ...rest];
  const rule = { id: "base", type: "fixed", points: 1 };
  assert.ok(!all(shown("Fixed", rule)).includes("wallet"));
  assert.ok(shown("Fixed", rule, { wallets: 2 }).first.includes("wallet"));
  assert.ok(all(shown("Fixed", { ...rule, wallet: "gone" })).includes("wallet"));
});

it("asks for what only means something beside another field once that is written", () => {
  const all = (name: string, value: Plain) => Object.values(shown(name, value)).flat();
  assert.ok(!all("Goal", { measure: "orders.count" }).includes("event"));
  assert.ok(all("Goal", { measure: "events.sum" }).includes("attribute"));
  assert.ok(all("Goal", { measure: "orders.count", event: "run" }).includes("event"));
  assert.ok(!all("Limit", { per: "member" }).includes("attribute"));
  assert.ok(all("Limit", { per: "attribute" }).includes("attribute"));
  assert.ok(all("Limit", { units: 3 }).includes("by_product"));
});

it("begins the metric of a tier with what is counted, and asks for a balance where nothing is", () => {
  const { first, rest } = shown("TierMetric", { id: "spend", measure: "orders.net" });
  assert.equal(first[0], "measure");
  assert.ok(![...first, ...rest].includes("balance"));
  const begun = shown("TierMetric", { id: "spend" });
  assert.equal(begun.first[0], "measure");
  assert.ok(begun.rest.includes("balance"));
  assert.ok(shown("TierMetric", { id: "spend", measure: "orders.net", balance: "points" }).first.includes("balance"));
});
