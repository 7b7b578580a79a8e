import { useLingui } from "@lingui/react/macro";
import { Group, Select, TagsInput, TextInput } from "@perennial/ui";
import { useState } from "react";

import { digitsOf, minorOf, typed } from "./amounts";
import type { Operator } from "./conditions";
import { useAsking } from "./facts";

export interface OperandProps {
  type: string;
  money: boolean;
  operator: Operator;
  value: unknown;
  choices: readonly { value: string; label: string }[];
  onChange: (value: unknown) => void;
}

/** What something is compared with, typed as its fact is. */
export function Operand(props: OperandProps) {
  const { t } = useLingui();
  const { operator, value, choices, onChange } = props;
  const list = Array.isArray(value) ? (value as unknown[]) : [];
  if (operator === "exists") return <YesNo value={value} onChange={onChange} />;
  if (operator === "between" || operator === "within") {
    const far = operator === "within";
    return (
      <Group gap={6} wrap="nowrap">
        <One {...props} type={far ? "text" : props.type} label={far ? t`Place` : t`From`} value={list[0]} onChange={(next) => { onChange([next, list[1]]); }} />
        <One {...props} type={far ? "integer" : props.type} label={far ? t`Meters` : t`To`} value={list[1]} onChange={(next) => { onChange([list[0], next]); }} />
      </Group>
    );
  }
  if (operator === "in" || operator === "not_in") {
    return (
      <TagsInput
        aria-label={t`Values`}
        size="sm"
        data={choices.map((each) => each.value)}
        value={list.map(String)}
        onChange={(tags) => {
          const read = tags.map((tag) => (props.type === "integer" ? Number(tag) : tag));
          if (read.every((each) => typeof each === "string" || Number.isSafeInteger(each))) onChange(read);
        }}
      />
    );
  }
  if (props.type === "boolean") return <YesNo value={value} onChange={onChange} />;
  return <One {...props} label={t`Value`} />;
}

function One({ type, money, value, choices, label, onChange }: OperandProps & { label: string }) {
  const { currency } = useAsking();
  if (choices.length > 0) {
    const known = choices.some((each) => each.value === value) ? choices : [...choices, { value: String(value), label: String(value) }];
    return <Select aria-label={label} size="sm" w="11rem" data={known} value={String(value)} allowDeselect={false} searchable onChange={onChange} />;
  }
  if (type === "integer") return <Whole label={label} value={value} digits={money ? digitsOf(currency) : 0} suffix={money ? currency : undefined} onChange={onChange} />;
  const kind = type === "date" || type === "time" ? type : "text";
  return (
    <TextInput
      aria-label={label}
      size="sm"
      w="10rem"
      type={kind}
      value={typeof value === "string" ? value : ""}
      onChange={(event) => {
        onChange(event.currentTarget.value);
      }}
    />
  );
}

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
      size="sm"
      w={visible ? undefined : "8.5rem"}
      disabled={disabled}
      inputMode={digits > 0 ? "decimal" : "numeric"}
      dir="ltr"
      rightSection={suffix === undefined ? undefined : <small dir="ltr">{suffix}</small>}
      rightSectionWidth="3rem"
      value={words}
      error={words !== "" && read === undefined ? t`No number` : error}
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

function YesNo({ value, onChange }: { value: unknown; onChange: (value: boolean) => void }) {
  const { t } = useLingui();
  const data = [
    { value: "true", label: t`yes` },
    { value: "false", label: t`no` },
  ];
  return <Select aria-label={t`Value`} size="sm" w="6rem" data={data} value={String(value)} allowDeselect={false} onChange={(next) => { onChange(next === "true"); }} />;
}
