import type { DraftView } from "@perennial/api-admin";
import { useState } from "react";

import { useWorkspace } from "../../session/workspace";

/** Changes that come within this time are taken back together. */
const TOGETHER_MS = 900;
const MOST_STEPS = 200;

interface Kept {
  revision: number;
  text: string;
}

interface Editing {
  text: string;
  past: readonly string[];
  future: readonly string[];
  revision: number;
  changedAt: number;
  /** Whether the text was found on this device, from an earlier visit. */
  found: boolean;
}

/** The text of a draft while it is written: taken back and done again, and kept on this device until it is saved. */
export function useDraftText(draft: DraftView) {
  const { code: workspace } = useWorkspace();
  const key = `perennial.draft.${workspace}.${draft.program}`;
  const [editing, setEditing] = useState<Editing>(() => begin(draft, readKept(key)));
  if (editing.revision !== draft.revision && editing.text !== draft.document && !editing.found) {
    // What was saved is the text that was written: its steps stay. Anything else replaces it.
    setEditing({ ...begin(draft), past: [...editing.past, editing.text] });
  } else if (editing.revision !== draft.revision && editing.text === draft.document) {
    setEditing({ ...editing, revision: draft.revision, found: false });
  }
  const show = (next: Editing) => {
    setEditing(next);
    if (next.text === draft.document) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify({ revision: next.revision, text: next.text } satisfies Kept));
  };
  return {
    text: editing.text,
    changed: editing.text !== draft.document,
    found: editing.found && editing.text !== draft.document,
    /** Whether somebody else has saved the draft since this text was begun. */
    outdated: editing.found && editing.revision !== draft.revision,
    write: (text: string, at: number) => {
      if (text === editing.text) return;
      const together = at - editing.changedAt < TOGETHER_MS && editing.past.length > 0;
      const past = together ? editing.past : [...editing.past, editing.text].slice(-MOST_STEPS);
      show({ ...editing, text, past, future: [], changedAt: at });
    },
    undo: editing.past.length === 0 ? undefined : () => {
      const before = editing.past.at(-1);
      if (before !== undefined) show({ ...editing, text: before, past: editing.past.slice(0, -1), future: [editing.text, ...editing.future], changedAt: 0 });
    },
    redo: editing.future.length === 0 ? undefined : () => {
      const [after, ...future] = editing.future;
      if (after !== undefined) show({ ...editing, text: after, past: [...editing.past, editing.text], future, changedAt: 0 });
    },
    discard: () => {
      localStorage.removeItem(key);
      setEditing({ ...begin(draft), past: [...editing.past, editing.text] });
    },
    saved: () => {
      localStorage.removeItem(key);
      setEditing((now) => ({ ...now, found: false }));
    },
  };
}

function begin(draft: DraftView, kept?: Kept): Editing {
  const text = kept?.text ?? draft.document;
  const found = kept !== undefined && text !== draft.document;
  return { text, past: found ? [draft.document] : [], future: [], revision: found ? kept.revision : draft.revision, changedAt: 0, found };
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
