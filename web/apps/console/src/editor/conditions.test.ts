import assert from "node:assert/strict";
import { it } from "node:test";

import { comparedBy, measuredBy, operatorOf, type Plain, plainOf, shapeOf, typeOf, windowOf } from "./conditions.ts";

const SHOWN: readonly [string, Plain][] = [
  ["all", { all: [] }],
  ["any", { any: [{ fact: "member.tier", is: "gold" }] }],
  ["not", { not: { fact: "order.total", at_least: 5000 } }],
  ["fact", { fact: "member.country", in: ["DE", "AT"] }],
  ["fact", { fact: "order.total", between: [1, 2] }],
  ["fact", { fact: "location.place", within: ["52.52,13.40", 5000] }],
  ["fact", { fact: "member.tier", exists: false }],
  ["lines", { lines: "any", where: { fact: "line.brand", is: "x" } }],
  ["lines", { lines: "count", at_least: 2 }],
  ["lines", { lines: "sum", where: { fact: "line.categories", contains: "coffee" }, more_than: 1 }],
  ["history", { history: "orders.net", window: { calendar: "year", offset: -1 }, more_than: 100 }],
  ["history", { history: "events.sum", event: "run", attribute: "km", window: "since_joining", at_least: 5 }],
];

/** What a sentence would show wrongly or lose: it is shown as its text. */
const AS_TEXT: readonly unknown[] = [
  null,
  "gold",
  {},
  { fact: "a", any: [] },
  { fact: "a" },
  { fact: "a", is: 1, is_not: 2 },
  { fact: "a", is: 1, of_tomorrow: true },
  { fact: "a", is: 1.5 },
  { fact: "a", in: 5 },
  { fact: "a", between: [1] },
  { not: 5 },
  { all: {} },
  { lines: "any" },
  { lines: "any", where: { fact: "a", is: 1 }, is: 2 },
  { lines: "first", where: { fact: "a", is: 1 } },
  { history: "orders.net", window: { last: { days: 1, hours: 2 } }, is: 1 },
  { history: "orders.net", window: { calendar: "year", last: { days: 1 } }, is: 1 },
  { history: "wishes", is: 1 },
  { history: "orders.net", window: { calendar: "year", offset: -2 }, is: 1 },
  { history: "orders.net", window: { calendar: "year", offset: 1 }, is: 1 },
  { history: "orders.net", window: { calendar: "hour" }, is: 1 },
  { history: "orders.net", window: { calendar: "ever" }, is: 1 },
  { history: "orders.net", window: { last: { hours: 2 } }, is: 1 },
];

it("shows every part of the language as a sentence", () => {
  for (const [shape, node] of SHOWN) {
    assert.equal(shapeOf(node), shape);
  }
});

it("leaves to their text what a sentence would show wrongly", () => {
  for (const node of AS_TEXT) {
    assert.equal(shapeOf(node), "other");
  }
});

it("gives back the same tree when the same is chosen again", () => {
  for (const [shape, node] of SHOWN) {
    if (!["fact", "lines", "history"].includes(shape) || !("where" in node ? "lines" in node && node.lines !== "any" : true)) continue;
    const operator = operatorOf(node);
    assert.deepEqual(comparedBy(node, operator, node[operator]), node);
    assert.deepEqual(Object.keys(comparedBy(node, operator, 7)), Object.keys(node));
  }
});

it("reads windows of the past and writes them the same", () => {
  for (const plain of ["since_joining", { calendar: "month" }, { calendar: "year", offset: -1 }, { last: { days: 30 } }, undefined]) {
    const window = windowOf(plain);
    assert.deepEqual(window === undefined ? "none" : plainOf(window), plain);
  }
});

it("takes what is compared for what it is", () => {
  assert.deepEqual([5, [1, 2], true, "gold", ["DE"], undefined].map(typeOf), ["integer", "integer", "boolean", "text", "text", "text"]);
});

it("keeps of a figure what another measure looks at", () => {
  const sum = { history: "events.sum", event: "run", attribute: "km", where: { fact: "event.km", more_than: 1 }, window: "since_joining", at_least: 5 };
  assert.deepEqual(measuredBy(sum, "events.count"), { history: "events.count", event: "run", where: sum.where, window: "since_joining", at_least: 5 });
  assert.deepEqual(measuredBy(sum, "orders.count"), { history: "orders.count", window: "since_joining", at_least: 5 });
  assert.deepEqual(measuredBy({ history: "points.earned", wallet: "stamps", at_least: 5 }, "orders.net"), { history: "orders.net", at_least: 5 });
  const lines = { history: "lines.net", where: { fact: "line.brand", is: "x" }, at_least: 5 };
  assert.deepEqual(measuredBy(lines, "lines.quantity"), { ...lines, history: "lines.quantity" });
});
