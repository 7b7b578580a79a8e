import { useLingui } from "@lingui/react/macro";
import { Group, Input, Select, Stack } from "@perennial/ui";
import { useState } from "react";

import { useSaid } from "../i18n/said";
import { isRecord } from "../program/records";
import { SPAN_WORDS } from "./condition-words";
import { without } from "./conditions";
import { ORDER, useForm } from "./form-context";
import { Whole } from "./whole";

const DAYS = "days";

export interface SpanFieldProps {
  id: string;
  label: string;
  description?: string;
  error?: string;
  value: unknown;
  onChange: (value: Record<string, unknown> | undefined) => void;
}

/** A time span: a number and its unit, for each unit that is written. Emptied, it is left out. */
export function SpanField({ id, label, description, error, value, onChange }: SpanFieldProps) {
  const { t } = useLingui();
  const said = useSaid();
  const { readOnly } = useForm();
  const span = isRecord(value) ? value : {};
  const written = Object.keys(SPAN_WORDS).filter((unit) => typeof span[unit] === "number" && span[unit] !== 0);
  // The unit of a number that is just being typed anew stays.
  const [begun, setBegun] = useState(written.length === 0 ? [DAYS] : written);
  const units = [...new Set([...begun, ...written])];
  const put = (next: Record<string, unknown>) => {
    onChange(Object.keys(next).length === 0 ? undefined : next);
  };
  return (
    <Input.Wrapper id={id} tabIndex={-1} label={label} labelElement="div" description={description} error={error} inputWrapperOrder={ORDER} role="group" aria-label={label}>
      <Stack gap={6}>
        {units.map((unit, row) => (
          <Group key={row} gap={6} wrap="nowrap">
            <Whole label={`${label}: ${t`How many`}`} digits={0} disabled={readOnly} value={span[unit]} onChange={(length) => { put({ ...span, [unit]: length }); }} onEmpty={() => { put(without(span, unit)); }} />
            <Select
              aria-label={`${label}: ${t`Unit of time`}`}
              disabled={readOnly}
              allowDeselect={false}
              data={Object.keys(SPAN_WORDS).filter((each) => each === unit || !units.includes(each)).map((each) => ({ value: each, label: said(SPAN_WORDS, each) }))}
              value={unit}
              onChange={(next) => {
                if (next === null) return;
                setBegun(units.with(row, next));
                if (span[unit] !== undefined) put({ ...without(span, unit), [next]: span[unit] });
              }}
            />
          </Group>
        ))}
      </Stack>
    </Input.Wrapper>
  );
}
