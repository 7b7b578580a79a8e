import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";

const table = readFileSync(new URL("navigation.tsx", import.meta.url), "utf8");
const manual = readFileSync(new URL("../../../../docs/how-to/console.md", import.meta.url), "utf8");
const keys = [...table.matchAll(/key: "(.)"/g)].map(([, key = ""]) => key);

it("leads to each place by a key of its own", () => {
  assert.ok(keys.length > 10);
  assert.deepEqual([...new Set(keys)], keys);
});

it("has its keys in the manual", () => {
  const [, told = ""] = /`G` and then ([^.]*?) goes to/.exec(manual.replace(/\s+/g, " ")) ?? [];
  const listed = [...told.matchAll(/`(.)`/g)].map(([, key = ""]) => key.toLowerCase());
  assert.deepEqual(listed.sort(), [...keys].sort());
});
