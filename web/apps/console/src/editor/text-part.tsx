import { useLingui } from "@lingui/react/macro";
import { Textarea } from "@perennial/ui";
import { useState } from "react";
import { parse, stringify } from "yaml";

import { isRecord } from "../program/records";
import type { Plain } from "./conditions";

export interface AnyTextProps {
  label: string;
  value: unknown;
  /** Whether something that was read may stand here. */
  fits: (value: unknown) => boolean;
  unfit: string;
  disabled?: boolean;
  onChange: (value: unknown) => void;
}

/** Any part of a document in its own words, for what neither a sentence nor a form can show. */
export function AnyText({ label, value, fits, unfit, disabled, onChange }: AnyTextProps) {
  const [text, setText] = useState(() => said(value));
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    if (JSON.stringify(read(text)) !== JSON.stringify(value)) setText(said(value));
  }
  return (
    <Textarea
      aria-label={label}
      autosize
      minRows={2}
      disabled={disabled}
      dir="ltr"
      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
      value={text}
      error={fits(read(text)) ? undefined : unfit}
      onChange={(event) => {
        const words = event.currentTarget.value;
        setText(words);
        const next = read(words);
        if (fits(next)) onChange(next);
      }}
    />
  );
}

/** A part of a condition that has no sentence. */
export function TextPart({ node, label, onChange }: { node: unknown; label?: string; onChange: (node: Plain) => void }) {
  const { t } = useLingui();
  return (
    <AnyText
      label={label ?? t`Condition as text`}
      value={node}
      fits={isRecord}
      unfit={t`This is no condition yet`}
      onChange={(next) => {
        if (isRecord(next)) onChange(next);
      }}
    />
  );
}

function said(value: unknown): string {
  return value === undefined ? "" : stringify(value, { lineWidth: 0 }).trimEnd();
}

function read(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    return undefined;
  }
}
