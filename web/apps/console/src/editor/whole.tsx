import { useLingui } from "@lingui/react/macro";
import { TextInput } from "@perennial/ui";
import { useState } from "react";

import { minorOf, typed } from "./amounts";
import { ORDER } from "./form-context";

export interface WholeProps {
  label: string;
  visible?: boolean;
  description?: string;
  value: unknown;
  digits: number;
  suffix?: string;
  error?: string;
  disabled?: boolean;
  onChange: (value: number) => void;
  /** What follows when it is emptied; without it the number stays. */
  onEmpty?: () => void;
}

/** A whole number of minor units, points or anything else; what is no number yet is kept as it is typed. */
export function Whole({ label, visible = false, description, value, digits, suffix, error, disabled, onChange, onEmpty }: WholeProps) {
  const { t } = useLingui();
  const shown = typeof value === "number" ? typed(value, digits) : "";
  const [words, setWords] = useState(shown);
  const read = minorOf(words, digits);
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    if (read !== value) setWords(shown);
  }
  return (
    <TextInput
      aria-label={label}
      label={visible ? label : undefined}
      description={description}
      inputWrapperOrder={ORDER}
      size="sm"
      w={visible ? undefined : "8.5rem"}
      disabled={disabled}
      inputMode={digits > 0 ? "decimal" : "numeric"}
      dir="ltr"
      rightSection={suffix === undefined ? undefined : <small dir="ltr">{suffix}</small>}
      rightSectionWidth="3rem"
      value={words}
      error={read === undefined && (words !== "" || (onEmpty === undefined && typeof value === "number")) ? t`No number` : error}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setWords(next);
        if (next === "") {
          onEmpty?.();
          return;
        }
        const minor = minorOf(next, digits);
        if (minor !== undefined) {
          setSeen(minor);
          onChange(minor);
        }
      }}
    />
  );
}
