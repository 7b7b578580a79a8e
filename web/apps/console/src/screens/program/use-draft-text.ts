import type { DraftView } from "@perennial/api-admin";
import { useEffect, useState } from "react";

import { arrived, begin, discarded, isChanged, type Kept, redone, savedAs, typedOn, undone } from "../../editor/editing";
import { useWorkspace } from "../../session/workspace";

/** The text of a draft while it is written: taken back and done again, and kept on this device until it is saved. */
export function useDraftText(draft: DraftView) {
  const { code: workspace } = useWorkspace();
  const key = `perennial.draft.${workspace}.${draft.program}`;
  const [editing, setEditing] = useState(() => begin(draft, readKept(key)));
  if (editing.seen !== draft.revision) setEditing(arrived(editing, draft));
  const { text, revision, past, future } = editing;
  const changed = isChanged(editing);
  const kept = changed ? JSON.stringify({ revision, text } satisfies Kept) : undefined;
  useEffect(() => {
    if (kept === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, kept);
  }, [key, kept]);
  return {
    text,
    changed,
    found: editing.found && changed,
    /** Whether somebody else has saved the draft since this text was begun. */
    outdated: editing.outdated && changed,
    write: (next: string, at: number) => {
      setEditing((now) => typedOn(now, next, at));
    },
    undo: past.length === 0 ? undefined : () => {
      setEditing(undone);
    },
    redo: future.length === 0 ? undefined : () => {
      setEditing(redone);
    },
    discard: () => {
      setEditing((now) => discarded(now, draft));
    },
    saved: (saved: DraftView, sent: string) => {
      setEditing((now) => savedAs(now, saved, sent));
    },
  };
}

function readKept(key: string): Kept | undefined {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    if (typeof kept !== "object" || kept === null || !("text" in kept) || !("revision" in kept)) return undefined;
    return typeof kept.text === "string" && typeof kept.revision === "number" ? { text: kept.text, revision: kept.revision } : undefined;
  } catch {
    return undefined;
  }
}
