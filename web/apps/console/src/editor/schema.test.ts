import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { begun, type Schema } from "./schema.ts";

const PROGRAM = JSON.parse(readFileSync(new URL("../../../../../docs/reference/program.schema.json", import.meta.url), "utf8")) as Schema & {
  $defs: Record<string, Schema>;
};

const firstOf = (list: string) => begun((PROGRAM.$defs.Program?.properties?.[list] ?? PROGRAM.properties?.[list])?.items as Schema, PROGRAM.$defs);

void test("a part begins with its kind, also where there is one kind alone", () => {
  assert.deepEqual(firstOf("messages"), { type: "email", subject: "", body: "", id: "" });
  assert.equal((firstOf("earning_rules") as { type: string }).type, "fixed");
  assert.equal("type" in (firstOf("wallets") as object), false);
});
