import assert from "node:assert/strict";
import { it } from "node:test";

import { digitsOf } from "../i18n/decimals.ts";
import { minorOf, typed } from "./amounts.ts";

const TYPED: readonly [number, number, string][] = [
  [0, 2, "0.00"],
  [5, 2, "0.05"],
  [-1250, 2, "-12.50"],
  [1000, 0, "1000"],
  [1, 3, "0.001"],
];

it("types amounts with the digits of their currency, and reads them again", () => {
  for (const [minor, digits, words] of TYPED) {
    assert.equal(typed(minor, digits), words);
    assert.equal(minorOf(words, digits), minor);
  }
});

it("reads what people type", () => {
  assert.equal(minorOf("12,5", 2), 1250);
  assert.equal(minorOf("۱۲٫۵", 2), 1250);
  assert.equal(minorOf("12", 2), 1200);
});

it("takes nothing else for an amount of cents", () => {
  for (const words of ["", "1.234", "1e3", "twelve", "1.2.3"]) {
    assert.equal(minorOf(words, 2), undefined);
  }
});

it("knows the digits of currencies", () => {
  assert.deepEqual([digitsOf("USD"), digitsOf("KRW"), digitsOf("KWD")], [2, 0, 3]);
  // Browsers write these without what is counted.
  assert.deepEqual([digitsOf("HUF"), digitsOf("IRR"), digitsOf("IQD")], [2, 2, 3]);
});
