import { TextInput } from "@mantine/core";
import type { ReactNode } from "react";

import classes from "./color-field.module.css";

export interface ColorFieldProps {
  label: string;
  description?: ReactNode;
  error?: ReactNode;
  /** What the button that opens the palette of the device is called. */
  pick: string;
  /** As it was typed; empty for none. */
  value: string;
  /** The color that stands there while none is chosen, as `#rrggbb`; empty while it is not known yet. */
  placeholder: string;
  disabled?: boolean;
  onChange: (value: string) => void;
}

const COLOR = /^#[0-9a-f]{6}$/i;
/** What the palette opens with while nothing is known: the field of the browser takes no empty value. */
const BLACK = "#000000";

/** A color to type, to paste, or to pick from the palette of the device. */
export function ColorField({ label, pick, value, placeholder, onChange, ...rest }: ColorFieldProps) {
  return (
    <TextInput
      {...rest}
      label={label}
      value={value}
      placeholder={placeholder}
      dir="ltr"
      spellCheck={false}
      autoComplete="off"
      maxLength={7}
      leftSectionPointerEvents="all"
      leftSection={
        <input
          type="color"
          className={classes.swatch}
          aria-label={pick}
          disabled={rest.disabled}
          value={(COLOR.test(value) ? value : placeholder || BLACK).toLowerCase()}
          onChange={(event) => {
            onChange(event.currentTarget.value);
          }}
        />
      }
      onChange={(event) => {
        onChange(event.currentTarget.value.trim());
      }}
    />
  );
}
