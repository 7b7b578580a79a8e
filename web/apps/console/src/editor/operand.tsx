import { useLingui } from "@lingui/react/macro";
import { Group, Select, TagsInput, TextInput } from "@perennial/ui";

import { digitsOf } from "../i18n/decimals";
import { minorOf, typed } from "./amounts";
import type { Operator } from "./conditions";
import { useAsking } from "./facts";
import { Whole } from "./whole";

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
  const { operator, value, onChange } = props;
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
  if (operator === "in" || operator === "not_in") return <Several {...props} list={list} />;
  if (props.type === "boolean") return <YesNo value={value} onChange={onChange} />;
  return <One {...props} label={t`Value`} />;
}

function Several({ type, money, list, choices, onChange }: OperandProps & { list: readonly unknown[] }) {
  const { t } = useLingui();
  const { currency } = useAsking();
  if (money && currency === undefined) return <Unknown label={t`Values`} />;
  const digits = money ? digitsOf(currency ?? "") : 0;
  // What is chosen is shown in its words; two that are called alike, and what is typed, by what they are.
  const labels = new Set(choices.map(({ label }) => label));
  const named = labels.size === choices.length ? choices : [];
  const words = new Map(named.map(({ value, label }) => [value, label]));
  const values = new Map(named.map(({ value, label }) => [label, value]));
  return (
    <TagsInput
      aria-label={t`Values`}
      size="sm"
      data={choices.map(({ value }) => words.get(value) ?? value)}
      value={list.map((each) => (typeof each === "number" ? typed(each, digits) : (words.get(String(each)) ?? String(each))))}
      rightSection={money ? <small dir="ltr">{currency}</small> : undefined}
      rightSectionWidth={money ? "3rem" : undefined}
      onChange={(tags) => {
        const read = tags.map((tag) => (type === "integer" ? minorOf(tag, digits) : (values.get(tag) ?? tag)));
        if (read.every((each) => each !== undefined)) onChange([...new Set(read)]);
      }}
    />
  );
}

/** Stands where an amount will, until it is known in which currency. */
function Unknown({ label }: { label: string }) {
  return <TextInput aria-label={label} size="sm" w="8.5rem" disabled value="" readOnly />;
}

function One({ type, money, value, choices, label, onChange }: OperandProps & { label: string }) {
  const { currency } = useAsking();
  if (choices.length > 0) {
    const known = choices.some((each) => each.value === value) ? choices : [...choices, { value: String(value), label: String(value) }];
    return <Select aria-label={label} size="sm" w="11rem" data={known} value={String(value)} allowDeselect={false} searchable onChange={onChange} />;
  }
  if (type === "integer") {
    if (money && currency === undefined) return <Unknown label={label} />;
    const digits = money ? digitsOf(currency ?? "") : 0;
    return <Whole key={digits} label={label} value={value} digits={digits} suffix={money ? currency : undefined} onChange={onChange} />;
  }
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

function YesNo({ value, onChange }: { value: unknown; onChange: (value: boolean) => void }) {
  const { t } = useLingui();
  const data = [
    { value: "true", label: t`yes` },
    { value: "false", label: t`no` },
  ];
  return <Select aria-label={t`Value`} size="sm" w="6rem" data={data} value={String(value)} allowDeselect={false} onChange={(next) => { onChange(next === "true"); }} />;
}
