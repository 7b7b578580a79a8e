import assert from "node:assert/strict";
import { it } from "node:test";

import { insertAt, moveAt, removeAt, setAt, valueOf, wayTo } from "./document.ts";

const TEXT = `# a program of ours
program: points
name: Points

earning_rules:
  # everybody
  - id: base
    points: 1 # a single one
    per: 100
    of_tomorrow: {kept: true}

  - {id: welcome, points: 100}
wallets:
  - id: points
    name: "Points"
`;

it("changes one value and nothing else", () => {
  assert.equal(setAt(TEXT, ["earning_rules", 0, "points"], 2), TEXT.replace("points: 1 #", "points: 2 #"));
});

it("keeps comments, order and unknown fields when a whole entry is written", () => {
  const entry = { id: "base", points: 3, per: 100, of_tomorrow: { kept: true }, name: "Base" };
  const written = setAt(TEXT, ["earning_rules", 0], entry);
  assert.equal(written, TEXT.replace("points: 1 #", "points: 3 #").replace("{kept: true}\n", "{kept: true}\n    name: Base\n"));
  assert.deepEqual(valueOf(written)?.earning_rules, [entry, { id: "welcome", points: 100 }]);
});

it("writes back what it read without a change", () => {
  for (const name of Object.keys(valueOf(TEXT) ?? {})) assert.equal(setAt(TEXT, [name], valueOf(TEXT)?.[name]), TEXT);
});

it("adds, moves and removes entries", () => {
  const added = insertAt(TEXT, ["earning_rules"], 2, { id: "new" });
  assert.deepEqual((valueOf(added)?.earning_rules as { id: string }[]).map(({ id }) => id), ["base", "welcome", "new"]);
  const moved = moveAt(added, ["earning_rules"], 2, 0);
  assert.deepEqual((valueOf(moved)?.earning_rules as { id: string }[]).map(({ id }) => id), ["new", "base", "welcome"]);
  assert.ok((moved).includes("# a single one"));
  assert.equal(removeAt(added, ["earning_rules", 2]), TEXT);
  assert.deepEqual(valueOf(insertAt(TEXT, ["rewards"], 0, { id: "first" }))?.rewards, [{ id: "first" }]);
});

it("leaves a text that is no document alone", () => {
  assert.equal(setAt("a: [", ["a"], 1), "a: [");
  assert.equal(valueOf("a: ["), undefined);
  assert.equal(valueOf("- a"), undefined);
  assert.deepEqual([valueOf(""), valueOf("# nothing yet\n")], [{}, {}]);
});

it("keeps lists at the margin where they stand there", () => {
  const text = "wallets:\n- id: points\n  name: P\n";
  assert.equal(setAt(text, ["wallets", 0, "name"], "Q"), "wallets:\n- id: points\n  name: Q\n");
});

it("finds the way to a problem as far as it leads", () => {
  const document = valueOf(TEXT);
  assert.deepEqual(wayTo(document, "earning_rules[welcome].points"), ["earning_rules", 1, "points"]);
  assert.deepEqual(wayTo(document, "earning_rules[0].when.all[1]"), ["earning_rules", 0, "when"]);
  assert.deepEqual(wayTo(document, "nothing.here"), ["nothing"]);
});
