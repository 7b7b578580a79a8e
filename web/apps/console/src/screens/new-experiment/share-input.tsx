import { useLingui } from "@lingui/react/macro";
import { TextInput } from "@perennial/ui";

export interface ShareInputProps {
  label?: string;
  value: string;
  error?: string | false;
  onChange: (share: string) => void;
}

/** A share of all members, in percent. */
export function ShareInput({ label, value, error, onChange }: ShareInputProps) {
  const { t } = useLingui();
  return (
    <TextInput
      label={label ?? t`Share of all members, in percent`}
      inputMode="decimal"
      dir="ltr"
      maw="20rem"
      value={value}
      error={error}
      onChange={(event) => {
        onChange(event.currentTarget.value.trim());
      }}
    />
  );
}
