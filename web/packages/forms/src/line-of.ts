const PART = /([^.[\]]+)|\[([^\]]+)\]/g;

/** The line of a YAML text (from 1) that a path such as `earning_rules[base].points` leads to.
 *
 * Parts of a list are found by their id or by their number. What cannot be found leads to the nearest
 * part above it.
 */
export function lineOf(text: string, path: string): number {
  const lines = text.split("\n");
  let from = 0;
  let to = lines.length;
  let found = 0;
  for (const part of path.matchAll(PART)) {
    const key = part[1];
    const item = part[2];
    const at = key === undefined ? itemLine(lines, from, to, item ?? "") : keyLine(lines, from, to, key);
    if (at === undefined) break;
    found = at;
    to = endOf(lines, at, to);
    from = key === undefined ? at : at + 1;
  }
  return found + 1;
}

function keyLine(lines: readonly string[], from: number, to: number, key: string): number | undefined {
  const wanted = new RegExp(`^[\\s-]*["']?${escaped(key)}["']?\\s*:`);
  return index(lines, from, to, (line) => wanted.test(line));
}

function itemLine(lines: readonly string[], from: number, to: number, item: string): number | undefined {
  const named = new RegExp(`^\\s*(-\\s*)?\\{?\\s*["']?id["']?\\s*:\\s*["']?${escaped(item)}["']?\\s*(,|\\}|#|$)`);
  const byId = index(lines, from, to, (line) => named.test(line));
  if (byId !== undefined) return startOfItem(lines, byId, from);
  const number = Number(item);
  if (!Number.isInteger(number)) return undefined;
  const depth = indentOf(lines[index(lines, from, to, (line) => /^\s*- /.test(line)) ?? from] ?? "");
  let left = number;
  return index(lines, from, to, (line) => indentOf(line) === depth && /^\s*-/.test(line) && left-- === 0);
}

function startOfItem(lines: readonly string[], at: number, from: number): number {
  for (let line = at; line >= from; line--) if (/^\s*-/.test(lines[line] ?? "")) return line;
  return at;
}

function endOf(lines: readonly string[], at: number, to: number): number {
  const depth = indentOf(lines[at] ?? "");
  const isItem = /^\s*-/.test(lines[at] ?? "");
  const next = index(lines, at + 1, to, (line) => {
    if (line.trim() === "" || line.trim().startsWith("#")) return false;
    return indentOf(line) < depth || (indentOf(line) === depth && (isItem || !/^\s*-/.test(line)));
  });
  return next ?? to;
}

function index(lines: readonly string[], from: number, to: number, holds: (line: string) => boolean): number | undefined {
  for (let line = from; line < to; line++) if (holds(lines[line] ?? "")) return line;
  return undefined;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

function escaped(words: string): string {
  return words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
