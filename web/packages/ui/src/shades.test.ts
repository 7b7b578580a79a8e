import assert from "node:assert/strict";
import { test } from "node:test";

import { shadesOf } from "./shades.ts";

const sumOf = (color: string) => [1, 3, 5].reduce((sum, start) => sum + Number.parseInt(color.slice(start, start + 2), 16), 0);

for (const place of [6, 7]) {
  test(`the color itself stands at place ${String(place)}, and every shade is darker than the one before`, () => {
    const shades = shadesOf("#1f4fa3", place);
    assert.equal(shades[place], "#1f4fa3");
    assert.ok(shades.every((shade) => /^#[0-9a-f]{6}$/.test(shade)));
    assert.ok(shades.every((shade, at) => at === 0 || sumOf(shade) < sumOf(shades[at - 1] ?? "")));
  });
}

test("white has no paler and black no darker shade", () => {
  assert.ok(shadesOf("#ffffff", 7).slice(0, 8).every((shade) => shade === "#ffffff"));
  assert.ok(shadesOf("#000000", 6).slice(6).every((shade) => shade === "#000000"));
});
