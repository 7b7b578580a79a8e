/**
 * QR codes (ISO/IEC 18004): byte mode, error correction M, versions 1 to 12. What is returned is the grid of
 * modules without its quiet zone, true is dark.
 */
export type Grid = boolean[][];

/** By version: codewords in all, codewords of correction in a block, blocks. */
const VERSIONS: readonly (readonly [number, number, number])[] = [
  [26, 10, 1], [44, 16, 1], [70, 26, 1], [100, 18, 2], [134, 24, 2], [172, 16, 4],
  [196, 18, 4], [242, 22, 4], [292, 22, 5], [346, 26, 5], [404, 30, 5], [466, 22, 8],
];
const ALIGNED: readonly (readonly number[])[] = [
  [], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50], [6, 30, 54], [6, 32, 58],
];
const MASKS: readonly ((row: number, column: number) => boolean)[] = [
  (row, column) => (row + column) % 2 === 0,
  (row) => row % 2 === 0,
  (_, column) => column % 3 === 0,
  (row, column) => (row + column) % 3 === 0,
  (row, column) => (Math.floor(row / 2) + Math.floor(column / 3)) % 2 === 0,
  (row, column) => ((row * column) % 2) + ((row * column) % 3) === 0,
  (row, column) => (((row * column) % 2) + ((row * column) % 3)) % 2 === 0,
  (row, column) => (((row + column) % 2) + ((row * column) % 3)) % 2 === 0,
];

/** The grid of a text; throws where it is too long. `mask` is for tests: without it, the one that reads best. */
export function qrCode(text: string, mask?: number): Grid {
  const bytes = new TextEncoder().encode(text);
  const version = VERSIONS.findIndex((_, index) => bytes.length + (index < 9 ? 2 : 3) <= roomOf(index)) + 1;
  if (version === 0) throw new Error("The text is too long for a QR code.");
  const bits = interleaved(version, dataOf(bytes, version));
  const grids = (mask === undefined ? MASKS.map((_, each) => each) : [mask]).map((each) => drawn(version, bits, each));
  return grids.reduce((best, grid) => (penalty(grid) < penalty(best) ? grid : best));
}

function roomOf(index: number): number {
  const [all, correction, blocks] = VERSIONS[index] ?? [0, 0, 1];
  return all - correction * blocks;
}

/** The codewords of the data: mode, length, bytes, end, padding. */
function dataOf(bytes: Uint8Array, version: number): number[] {
  const room = roomOf(version - 1);
  const bits: number[] = [];
  const push = (value: number, length: number) => {
    for (let place = length - 1; place >= 0; place -= 1) bits.push((value >> place) & 1);
  };
  push(0b0100, 4);
  push(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) push(byte, 8);
  push(0, Math.min(4, room * 8 - bits.length));
  while (bits.length % 8 !== 0) bits.push(0);
  const words = Array.from({ length: bits.length / 8 }, (_, word) => bits.slice(word * 8, word * 8 + 8).reduce((sum, bit) => sum * 2 + bit, 0));
  for (let pad = 0; words.length < room; pad += 1) words.push(pad % 2 === 0 ? 0xec : 0x11);
  return words;
}

/** Data and correction of all blocks in the order in which they are drawn. */
function interleaved(version: number, data: readonly number[]): number[] {
  const [, correction, blocks] = VERSIONS[version - 1] ?? [0, 0, 1];
  const short = Math.floor(data.length / blocks);
  const longer = data.length % blocks;
  const parts: number[][] = [];
  for (let block = 0, start = 0; block < blocks; block += 1) {
    const length = short + (block >= blocks - longer ? 1 : 0);
    parts.push(data.slice(start, start + length));
    start += length;
  }
  const checks = parts.map((part) => checked(part, correction));
  const words: number[] = [];
  for (let place = 0; place <= short; place += 1) for (const part of parts) words.push(...part.slice(place, place + 1));
  for (let place = 0; place < correction; place += 1) for (const check of checks) words.push(...check.slice(place, place + 1));
  return words.flatMap((word) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (word >> bit) & 1));
}

const POWERS: number[] = [];
const LOGS: number[] = [];
for (let power = 0, value = 1; power < 255; power += 1) {
  POWERS[power] = value;
  LOGS[value] = power;
  value = (value << 1) ^ (value & 0x80 ? 0x11d : 0);
}

function times(one: number, other: number): number {
  return one === 0 || other === 0 ? 0 : (POWERS[((LOGS[one] ?? 0) + (LOGS[other] ?? 0)) % 255] ?? 0);
}

/** The codewords of correction of one block (Reed and Solomon). */
function checked(data: readonly number[], count: number): number[] {
  let generator = [1];
  for (let power = 0; power < count; power += 1) {
    const next = [...generator, 0];
    generator.forEach((factor, place) => {
      next[place + 1] = (next[place + 1] ?? 0) ^ times(factor, POWERS[power] ?? 0);
    });
    generator = next;
  }
  const rest = [...data, ...Array.from({ length: count }, () => 0)];
  for (let place = 0; place < data.length; place += 1) {
    const factor = rest[place] ?? 0;
    generator.forEach((each, index) => {
      rest[place + index] = (rest[place + index] ?? 0) ^ times(each, factor);
    });
  }
  return rest.slice(data.length);
}

/** Everything on one grid, with one of the masks over the data. */
function drawn(version: number, bits: readonly number[], mask: number): Grid {
  const size = version * 4 + 17;
  const grid: (boolean | undefined)[][] = Array.from({ length: size }, () => Array.from({ length: size }, () => undefined));
  const set = (row: number, column: number, dark: boolean) => {
    const line = grid[row];
    if (line !== undefined && column >= 0 && column < size) line[column] = dark;
  };
  for (const [top, left] of [[0, 0], [0, size - 7], [size - 7, 0]] as const) {
    for (let row = -1; row <= 7; row += 1) {
      for (let column = -1; column <= 7; column += 1) {
        const ring = Math.max(Math.abs(row - 3), Math.abs(column - 3));
        set(top + row, left + column, ring !== 2 && ring !== 4);
      }
    }
  }
  const places = ALIGNED[version - 1] ?? [];
  const last = places.at(-1);
  for (const row of places) {
    for (const column of places) {
      if ((row === 6 && (column === 6 || column === last)) || (row === last && column === 6)) continue;
      for (let down = -2; down <= 2; down += 1) {
        for (let right = -2; right <= 2; right += 1) set(row + down, column + right, Math.max(Math.abs(down), Math.abs(right)) !== 1);
      }
    }
  }
  for (let place = 8; place < size - 8; place += 1) {
    set(6, place, place % 2 === 0);
    set(place, 6, place % 2 === 0);
  }
  drawFormat(size, mask, set);
  if (version >= 7) drawVersion(size, version, set);
  fill(grid, bits, MASKS[mask] ?? (() => false));
  return grid.map((row) => row.map((dark) => dark === true));
}

type Draw = (row: number, column: number, dark: boolean) => void;

function remainder(value: number, generator: number, length: number): number {
  let rest = value << length;
  const top = 31 - Math.clz32(generator);
  while (rest >= 1 << top) rest ^= generator << (31 - Math.clz32(rest) - top);
  return rest;
}

/** The level of correction (M is 00) and the mask, twice. */
function drawFormat(size: number, mask: number, set: Draw): void {
  const code = ((mask << 10) | remainder(mask, 0x537, 10)) ^ 0x5412;
  for (let bit = 0; bit < 15; bit += 1) {
    const dark = ((code >> bit) & 1) === 1;
    const along = bit < 6 ? bit : bit < 8 ? bit + 1 : 14 - bit + (bit === 8 ? 1 : 0);
    if (bit < 8) {
      set(along, 8, dark);
      set(8, size - 1 - bit, dark);
    } else {
      set(8, along, dark);
      set(size - 15 + bit, 8, dark);
    }
  }
  set(size - 8, 8, true);
}

function drawVersion(size: number, version: number, set: Draw): void {
  const code = (version << 12) | remainder(version, 0x1f25, 12);
  for (let bit = 0; bit < 18; bit += 1) {
    const dark = ((code >> bit) & 1) === 1;
    const along = Math.floor(bit / 3);
    const across = size - 11 + (bit % 3);
    set(along, across, dark);
    set(across, along, dark);
  }
}

/** The bits in columns of two from the right, up and down in turn; column 6 is skipped. */
function fill(grid: (boolean | undefined)[][], bits: readonly number[], mask: (row: number, column: number) => boolean): void {
  const size = grid.length;
  let next = 0;
  let upwards = true;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step += 1) {
      const row = upwards ? size - 1 - step : step;
      for (const column of [right, right - 1]) {
        const line = grid[row];
        if (line === undefined || line[column] !== undefined) continue;
        line[column] = (bits[next] === 1) !== mask(row, column);
        next += 1;
      }
    }
    upwards = !upwards;
  }
}

/** How hard a grid is to read: long runs, blocks, patterns like the finders', too much of one color. */
function penalty(grid: Grid): number {
  const size = grid.length;
  const lines = [...grid, ...grid.map((_, column) => grid.map((row) => row[column] === true))].map((line) =>
    line.map((dark) => (dark ? "1" : "0")).join(""),
  );
  let sum = 0;
  for (const line of lines) {
    for (const run of line.match(/1{5,}|0{5,}/g) ?? []) sum += run.length - 2;
    sum += 40 * (line.match(/(?=10111010000|00001011101)/g)?.length ?? 0);
  }
  for (let row = 1; row < size; row += 1) {
    for (let column = 1; column < size; column += 1) {
      const dark = grid[row]?.[column];
      if (dark === grid[row - 1]?.[column] && dark === grid[row]?.[column - 1] && dark === grid[row - 1]?.[column - 1]) sum += 3;
    }
  }
  const share = grid.flat().filter(Boolean).length / (size * size);
  return sum + 10 * Math.floor(Math.abs(share * 100 - 50) / 5);
}
