import assert from "node:assert/strict";
import { it } from "node:test";

import { Chord } from "./chord.ts";

function ends(...pressed: readonly [string, number][]): boolean[] {
  const chord = new Chord("g");
  return pressed.map(([key, at]) => chord.hear(key, at));
}

it("hears the key after the first one, once", () => {
  assert.deepEqual(ends(["g", 10], ["r", 20], ["r", 30]), [false, true, false]);
});

it("takes the first key twice for a place that has it as its own", () => {
  assert.deepEqual(ends(["g", 10], ["g", 20], ["g", 30], ["m", 40]), [false, true, false, true]);
});

it("hears nothing where nothing was begun, or long ago", () => {
  assert.deepEqual(ends(["r", 10]), [false]);
  assert.deepEqual(ends(["g", 10], ["r", 2_000]), [false, false]);
  assert.deepEqual(ends(["g", 10], ["g", 2_000], ["r", 2_010]), [false, false, true]);
});
