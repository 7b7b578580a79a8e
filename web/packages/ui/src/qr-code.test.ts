import assert from "node:assert/strict";
import { it } from "node:test";

import { type Grid, qrCode } from "./qr-code.ts";

/** What ISO/IEC 18004 writes beside the corners for level M, by mask. */
const FORMATS = [
  "101010000010010", "101000100100101", "101111001111100", "101101101001011",
  "100010111111001", "100000011001110", "100111110010111", "100101010100000",
];
const FINDER = ["#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"];

function word(grid: Grid, places: readonly (readonly [row: number, column: number])[]): string {
  return places.map(([row, column]) => (grid[row]?.[column] === true ? "1" : "0")).join("");
}

it("says its level and its mask twice, as the standard has them", () => {
  for (const [mask, format] of FORMATS.entries()) {
    const grid = qrCode("PERENNIAL", mask);
    const end = grid.length - 1;
    const corner = [0, 1, 2, 3, 4, 5, 7, 8].map((column) => [8, column] as const);
    const rise = [7, 5, 4, 3, 2, 1, 0].map((row) => [row, 8] as const);
    assert.equal(word(grid, [...corner, ...rise]), format);
    const foot = [0, 1, 2, 3, 4, 5, 6].map((up) => [end - up, 8] as const);
    const side = [7, 6, 5, 4, 3, 2, 1, 0].map((left) => [8, end - left] as const);
    assert.equal(word(grid, [...foot, ...side]), format);
  }
});

it("has its three corners and the size of its version", () => {
  for (const [length, size] of [[1, 21], [14, 21], [15, 25], [180, 53], [181, 57]] as const) {
    const grid = qrCode("x".repeat(length));
    assert.equal(grid.length, size);
    for (const [top, left] of [[0, 0], [0, size - 7], [size - 7, 0]] as const) {
      const corner = grid.slice(top, top + 7).map((row) => row.slice(left, left + 7).map((dark) => (dark ? "#" : ".")).join(""));
      assert.deepEqual(corner, FINDER);
    }
  }
});

it("takes the mask that reads best, and no text that is too long", () => {
  const all = FORMATS.map((_, mask) => JSON.stringify(qrCode("PERENNIAL", mask)));
  assert.equal(new Set(all).size, FORMATS.length);
  assert.ok(all.includes(JSON.stringify(qrCode("PERENNIAL"))));
  assert.throws(() => qrCode("x".repeat(500)), /too long/);
});
