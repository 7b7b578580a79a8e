/** Changes that come within this time are taken back together. */
const TOGETHER_MS = 900;
const MOST_STEPS = 200;

/** A text as the server has it. */
export interface Saved {
  document: string;
  revision: number;
}

/** A text that was kept on this device, and the revision that it was begun from. */
export interface Kept {
  revision: number;
  text: string;
}

/** A text while it is written. */
export interface Editing {
  text: string;
  /** The saved text beside which this one has changes. */
  base: string;
  /** The revision that the text was begun from. */
  revision: number;
  /** The newest revision that came from the server. */
  seen: number;
  past: readonly string[];
  future: readonly string[];
  changedAt: number;
  /** Whether the text was found on this device, from an earlier visit. */
  found: boolean;
  /** Whether somebody else has saved since the text was begun. */
  outdated: boolean;
}

export function begin({ document, revision }: Saved, kept?: Kept): Editing {
  const found = kept !== undefined && kept.text !== document;
  return {
    text: found ? kept.text : document,
    base: document,
    revision: found ? kept.revision : revision,
    seen: revision,
    past: found ? [document] : [],
    future: [],
    changedAt: 0,
    found,
    outdated: found && kept.revision !== revision,
  };
}

export function isChanged({ text, base }: Editing): boolean {
  return text !== base;
}

/** What is written once another revision came from the server: text that nobody has saved stays as it is. */
export function arrived(now: Editing, saved: Saved): Editing {
  const next = { ...now, seen: saved.revision };
  // The answer to an own save: `savedAs` has seen to it.
  if (saved.revision === now.revision) return next;
  if (!isChanged(now)) return saved.document === now.text ? settled(next, saved) : { ...begin(saved), past: stepped(now) };
  if (saved.document === now.text) return settled(next, saved);
  if (saved.document === now.base) return now.outdated ? next : { ...next, revision: saved.revision };
  return { ...next, base: saved.document, outdated: true };
}

/** What is written once a text was saved: what was typed since then stays. */
export function savedAs(now: Editing, saved: Saved, sent: string): Editing {
  return settled(now.text === sent ? { ...now, text: saved.document } : now, saved);
}

function settled(now: Editing, { document, revision }: Saved): Editing {
  return { ...now, base: document, revision, found: false, outdated: false };
}

export function typedOn(now: Editing, text: string, at: number): Editing {
  if (text === now.text) return now;
  const together = at - now.changedAt < TOGETHER_MS && now.past.length > 0;
  return { ...now, text, past: together ? now.past : stepped(now), future: [], changedAt: at };
}

export function discarded(now: Editing, saved: Saved): Editing {
  return { ...begin(saved), past: stepped(now) };
}

export function undone(now: Editing): Editing {
  const before = now.past.at(-1);
  return before === undefined ? now : { ...now, text: before, past: now.past.slice(0, -1), future: [now.text, ...now.future], changedAt: 0 };
}

export function redone(now: Editing): Editing {
  const [after, ...future] = now.future;
  return after === undefined ? now : { ...now, text: after, past: [...now.past, now.text], future, changedAt: 0 };
}

function stepped({ past, text }: Editing): readonly string[] {
  return [...past, text].slice(-MOST_STEPS);
}
