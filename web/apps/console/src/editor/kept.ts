import { useEffect } from "react";

import { type Editing, isChanged, type Kept } from "./editing";

/** Keeps what is typed on this device until it is saved or discarded. */
export function useKept(key: string, editing: Editing): void {
  const { text, revision } = editing;
  const kept = isChanged(editing) ? JSON.stringify({ revision, text } satisfies Kept) : undefined;
  useEffect(() => {
    if (kept === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, kept);
  }, [key, kept]);
}

/** What was typed here and not saved, if anything was. */
export function readKept(key: string): Kept | undefined {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    if (typeof kept !== "object" || kept === null || !("text" in kept) || !("revision" in kept)) return undefined;
    return typeof kept.text === "string" && typeof kept.revision === "number" ? { text: kept.text, revision: kept.revision } : undefined;
  } catch {
    return undefined;
  }
}
