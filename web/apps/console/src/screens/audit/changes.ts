import { isRecord } from "../../program/records";

export interface Change {
  path: string;
  before?: string;
  after?: string;
}

/** Where two values differ, field by field; what only one of them has is there on one side alone. */
export function changesOf(before: unknown, after: unknown): Change[] {
  const old = leaves(before, "");
  const now = leaves(after, "");
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((path) => {
    const [was, is] = [old.get(path), now.get(path)];
    return was === is ? [] : [{ path: path === "" ? "." : path, ...(was === undefined ? {} : { before: was }), ...(is === undefined ? {} : { after: is }) }];
  });
}

function leaves(value: unknown, path: string): Map<string, string> {
  if (value === undefined || value === null) return new Map();
  if (isRecord(value)) return new Map(Object.entries(value).flatMap(([name, part]) => [...leaves(part, path === "" ? name : `${path}.${name}`)]));
  if (Array.isArray(value) && value.some((part) => typeof part === "object")) {
    return new Map(value.flatMap((part: unknown, index) => [...leaves(part, `${path}[${String(index)}]`)]));
  }
  return new Map([[path, Array.isArray(value) ? value.join(", ") : String(value as string | number | boolean)]]);
}
