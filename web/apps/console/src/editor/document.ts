import { type Document, isCollection, isMap, isScalar, isSeq, type Node, parseDocument, type YAMLMap, type YAMLSeq } from "yaml";

import { isRecord } from "../program/records.ts";

/** The way to a part of a document: names of fields, places in lists. */
export type Path = readonly (string | number)[];

/** The plain value that a text holds, empty where the text is; nothing where it is no document. */
export function valueOf(text: string): Record<string, unknown> | undefined {
  try {
    const document = parseDocument(text);
    if (document.errors.length > 0) return undefined;
    const value: unknown = document.toJS();
    return value === null ? {} : isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The part of a plain value that a path leads to. */
export function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (part, key) => (typeof part === "object" && part !== null ? (part as Record<string | number, unknown>)[key] : undefined),
    value,
  );
}

/** The text with another value at a path: only what differs is written, comments and unknown fields stay. */
export function setAt(text: string, path: Path, value: unknown): string {
  return edited(text, (document) => {
    const before = (path.length === 0 ? document.contents : document.getIn(path, true)) as Node | undefined;
    if (value === undefined) document.deleteIn(path);
    else if (before === undefined || !written(document, before, value)) document.setIn(path, document.createNode(value));
  });
}

/** The text of a document with the fields of another one: only those that differ are written. */
export function setFields(text: string, before: Record<string, unknown>, after: Record<string, unknown>): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.filter((name) => before[name] !== after[name]).reduce((written, name) => setAt(written, [name], after[name]), text);
}

/** The text with one more entry in a list, which is made where it is missing. */
export function insertAt(text: string, path: Path, place: number, value: unknown): string {
  return edited(text, (document) => {
    const list = document.getIn(path, true);
    if (isSeq(list)) list.items.splice(place, 0, document.createNode(value));
    else document.setIn(path, document.createNode([value]));
  });
}

export function removeAt(text: string, path: Path): string {
  return edited(text, (document) => {
    document.deleteIn(path);
  });
}

/** The text with an entry of a list at another place, with the comments that stand before it. */
export function moveAt(text: string, path: Path, from: number, to: number): string {
  return edited(text, (document) => {
    const list = document.getIn(path, true);
    if (!isSeq(list)) return;
    const [entry] = list.items.splice(from, 1);
    if (entry !== undefined) list.items.splice(to, 0, entry);
  });
}

/** The way that a problem's path, such as `earning_rules[base].points`, leads in this document, to the first part that is missing. */
export function wayTo(value: unknown, path: string): Path {
  const way: (string | number)[] = [];
  let here = value;
  for (const [, name, item] of path.matchAll(/([^.[\]]+)|\[([^\]]+)\]/g)) {
    const key = name ?? placeOf(here, item ?? "");
    if (typeof here !== "object" || here === null) break;
    const missing = !(key in here);
    if (missing && typeof key === "number") break;
    way.push(key);
    if (missing) break;
    here = at(here, [key]);
  }
  return way;
}

function placeOf(list: unknown, item: string): string | number {
  if (!Array.isArray(list)) return item;
  const place = list.findIndex((each: unknown) => at(each, ["id"]) === item);
  return place >= 0 ? place : Number(item);
}

const COLUMN_LISTS = /^[\w-]+:[^\S\n]*\n- /m;

function edited(text: string, change: (document: Document) => void): string {
  const document = parseDocument(text);
  if (document.errors.length > 0) return text;
  change(document as Document);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false, indentSeq: !COLUMN_LISTS.test(text) });
}

/** Write a value into a node, part by part; whether that could be done. */
function written(document: Document, node: Node, value: unknown): boolean {
  if (isScalar(node) && (typeof value !== "object" || value === null)) {
    if (node.value !== value) node.value = value;
    return true;
  }
  if (isMap(node) && typeof value === "object" && value !== null && !Array.isArray(value)) {
    fields(document, node, value as Record<string, unknown>);
    return true;
  }
  if (isSeq(node) && Array.isArray(value)) {
    entries(document, node, value);
    return true;
  }
  return false;
}

function fields(document: Document, map: YAMLMap, value: Record<string, unknown>): void {
  for (const name of Object.keys(map.toJS(document) as object)) if (value[name] === undefined) map.delete(name);
  for (const [name, part] of Object.entries(value)) {
    if (part === undefined) continue;
    const before = map.get(name, true) as Node | undefined;
    if (before === undefined || !written(document, before, part)) map.set(name, document.createNode(part));
  }
}

function entries(document: Document, list: YAMLSeq, value: readonly unknown[]): void {
  const before = list.items.map((item) => JSON.stringify(isCollection(item) || isScalar(item) ? item.toJS(document) : item));
  const after = value.map((each) => JSON.stringify(each));
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(before.length, after.length) - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const old = list.items.slice(head, before.length - tail);
  const fresh = value.slice(head, value.length - tail).map((each, place) => {
    const node = old[place] as Node | undefined;
    return node !== undefined && old.length === value.length - tail - head && written(document, node, each) ? node : document.createNode(each);
  });
  list.items.splice(head, old.length, ...fresh);
}
