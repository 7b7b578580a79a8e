import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";

import { type Definitions, resolved, type Schema } from "./schema.ts";

const { $defs: DEFINITIONS } = JSON.parse(
  readFileSync(new URL("../../../../../docs/reference/program.schema.json", import.meta.url), "utf8"),
) as { $defs: Definitions };

/** What has words in a table of a file: its names, as they are written in front of their messages. */
function worded(file: string, table: string): Set<string> {
  const text = readFileSync(new URL(file, import.meta.url), "utf8").split(`export const ${table}`)[1]?.split("\n};")[0] ?? "";
  return new Set([...text.matchAll(/^ {2}"?([\w.]+)"?: msg[`(]/gm)].map(([, name]) => name ?? ""));
}

/** Parts that no form draws: test cases (and who brings their orders) have one of their own, declarations and scores are text, and sections are places. */
const FORMLESS = /^(AttributeSpec$|Case|Declarations$|EventSpec$|Expectation$|Line$|ProgramCase$|Redeemer$|RfmScale$|Step$)/;
const PLACES = ["declarations", "wallets", "stacking", "experiments", "holdouts", "referrals", "rfm", "cases"];

const FIELDS = Object.entries(DEFINITIONS)
  .filter(([name]) => name !== "Condition" && !FORMLESS.test(name))
  .flatMap(([, part]) => Object.entries(part.properties ?? {}).map(([field, schema]) => ({ part: part.title ?? "", field, schema })));

it("has words for every field of a program that a form draws", () => {
  const words = worded("./field-words.ts", "FIELD_WORDS");
  const without = FIELDS.filter(({ part, field }) => !words.has(`${part}.${field}`) && !words.has(field) && !(part === "Program" && PLACES.includes(field)));
  assert.deepEqual(without.map(({ part, field }) => `${part}.${field}`), []);
});

it("has words for every value and every kind that can be chosen in a form", () => {
  const words = new Set([...worded("./value-words.ts", "VALUE_WORDS"), ...worded("../program/measures.ts", "MEASURE_WORDS")]);
  // Kinds are looked at where they are chosen.
  const without = FIELDS.filter(({ field }) => field !== "type").flatMap(({ part, field, schema }) =>
    choicesOf(schema)
      .filter((value) => !words.has(`${field}.${value}`) && !words.has(value))
      .map((value) => `${part}.${field}: ${value}`),
  );
  assert.deepEqual([...new Set(without)], []);
});

function choicesOf(schema: Schema): string[] {
  const plain = resolved(schema, DEFINITIONS);
  const items = typeof plain.items === "object" ? choicesOf(plain.items) : [];
  return [...(plain.enum ?? []).filter((each) => typeof each === "string"), ...Object.keys(plain.discriminator?.mapping ?? {}), ...items];
}
