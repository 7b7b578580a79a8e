import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { it } from "node:test";

const web = new URL("../../../", import.meta.url);
const files = globSync("{apps,packages}/*/src/**/*.{ts,tsx}", { cwd: web }).filter((file) => !file.endsWith("ui/src/icons.ts"));
const code = files.map((file) => readFileSync(new URL(file, web), "utf8")).join("\n");
const table = readFileSync(new URL("icons.ts", import.meta.url), "utf8");

it("has no icon that nothing shows", () => {
  const icons = [...table.matchAll(/as (Icon\w+) \}/g)].map(([, icon = ""]) => icon);
  const used = new Set(code.match(/\bIcon\w+/g));
  assert.ok(icons.length > 20);
  assert.deepEqual(icons.filter((icon) => !used.has(icon)), []);
});
