import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";

import type { Path } from "./document.ts";
import { decimalsAt, isMoney } from "./money.ts";
import { type Definitions, partOf, type Schema } from "./schema.ts";

const { $defs: DEFINITIONS } = JSON.parse(
  readFileSync(new URL("../../../../../docs/reference/program.schema.json", import.meta.url), "utf8"),
) as { $defs: Definitions };

const DOCUMENT = {
  rewards: [
    {
      price: 500,
      gives: [
        { type: "amount_off", value: 500, most: 900, pick: { most: 10 } },
        { type: "bundle", price: 500, at_most: 2, parts: [{ quantity: 2 }] },
        { type: "fixed_price", price: 100 },
        { type: "free_product", unit_price: 100, quantity: 1 },
        { type: "gift_card", value: 2_500, extra: 500 },
        { type: "percent_by_total", steps: [{ at_least: 2_000 }] },
        { type: "percent_by_total", total: "quantity", most: 5, steps: [{ at_least: 3 }] },
        { type: "points", points: 5 },
      ],
      limits: [{ discount: 100, order_value: 100, times: 1, points: 4 }],
    },
  ],
  earning_rules: [
    { type: "per_amount", points: 1, per: 100, tiers: { gold: 2 } },
    { type: "per_value", points: 1, per: 100 },
  ],
  wallets: [{ pays: { amount: 100, points: 10, least: 50 } }],
  challenges: [{ goals: [{ measure: "orders.net", target: 100 }, { measure: "orders.count", target: 3 }, { member_for: {}, target: 1 }] }],
  tiers: {
    metrics: [{ id: "spend", measure: "orders.net" }, { id: "visits", measure: "orders.count" }, { id: "balance", balance: "points" }],
    levels: [{ reach: { spend: 100, visits: 3, balance: 9, unknown: 1 }, keep: { spend: 50 } }],
  },
  referrals: { offers: [{ converts: { min_order: 100, number: 1 }, checks: [{ type: "many_from_ip", most: 10 }] }] },
};

const MONEY = [
  "rewards.0.gives.0.value",
  "rewards.0.gives.0.most",
  "rewards.0.gives.1.price",
  "rewards.0.gives.2.price",
  "rewards.0.gives.3.unit_price",
  "rewards.0.gives.4.value",
  "rewards.0.gives.4.extra",
  "rewards.0.gives.5.steps.0.at_least",
  "rewards.0.gives.6.most",
  "rewards.0.limits.0.discount",
  "rewards.0.limits.0.order_value",
  "earning_rules.0.per",
  "wallets.0.pays.amount",
  "challenges.0.goals.0.target",
  "tiers.levels.0.reach.spend",
  "tiers.levels.0.keep.spend",
  "referrals.offers.0.converts.min_order",
];

/** Every number below a part, by its path, with what the schema says of it. */
function numbers(schema: Schema, value: unknown, path: Path): [string, boolean][] {
  if (typeof value === "number") return [[path.join("."), isMoney(schema, DOCUMENT, path)]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => numbers(partOf(schema, value, key, DEFINITIONS), part, [...path, Array.isArray(value) ? Number(key) : key]));
}

it("shows as money exactly what the server marks as money", () => {
  const found = numbers(DEFINITIONS.Program ?? {}, DOCUMENT, []);
  assert.deepEqual(found.flatMap(([path, money]) => (money ? [path] : [])), MONEY);
  assert.equal(found.length, 39);
});

it("shows points with the decimals of their wallet", () => {
  const wallets = [{ id: "points", caps: [{ points: 5 }] }, { id: "stars", decimals: 2, caps: [{ points: 500 }] }];
  const document = {
    wallets,
    earning_rules: [{ wallet: "stars", points: 100, limits: [{ points: 500 }] }, { points: 1 }],
    rewards: [{ wallet: "points", gives: [{ type: "points", wallet: "stars", points: 100 }] }],
  };
  assert.equal(decimalsAt(document, ["wallets", 0, "caps", 0, "points"]), 0);
  assert.equal(decimalsAt(document, ["wallets", 1, "caps", 0, "points"]), 2);
  assert.equal(decimalsAt(document, ["earning_rules", 0, "limits", 0, "points"]), 2);
  assert.equal(decimalsAt(document, ["rewards", 0, "gives", 0, "points"]), 2);
  // Which of the two is not said yet, so nothing is moved.
  assert.equal(decimalsAt(document, ["earning_rules", 1, "points"]), 0);
  assert.equal(decimalsAt({ ...document, wallets: wallets.slice(1) }, ["earning_rules", 1, "points"]), 2);
  assert.equal(decimalsAt({}, ["earning_rules", 1, "points"]), 0);
});
