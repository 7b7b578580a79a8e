import type { DraftView } from "@perennial/api-admin";
import { useState } from "react";

import { arrived, begin, discarded, isChanged, redone, savedAs, typedOn, undone } from "../../editor/editing";
import { readKept, useKept } from "../../editor/kept";
import { useWorkspace } from "../../session/workspace";

/** The text of a draft while it is written: taken back and done again, and kept on this device until it is saved. */
export function useDraftText(draft: DraftView) {
  const { code: workspace } = useWorkspace();
  const key = `perennial.draft.${workspace}.${draft.program}`;
  const [editing, setEditing] = useState(() => begin(draft, readKept(key)));
  if (editing.seen !== draft.revision) setEditing(arrived(editing, draft));
  const { text, past, future } = editing;
  const changed = isChanged(editing);
  useKept(key, editing);
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
