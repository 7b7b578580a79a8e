import { useLingui } from "@lingui/react/macro";
import { Checkbox, MultiSelect, Select, TagsInput, TextInput } from "@perennial/ui";

import { useSaid } from "../i18n/said";
import { digitsOf } from "../i18n/decimals";
import ConditionField from "./condition-field";
import { MEASURE_WORDS } from "./condition-words";
import type { Path } from "./document";
import classes from "./editor.module.css";
import { FIELD_HELP, FIELD_WORDS, plainly } from "./field-words";
import { anchorOf, problemAt, useForm } from "./form-context";
import { isMoney } from "./money";
import { placeOf, triggerOf } from "./places";
import { DEFINITIONS } from "./program-schema";
import { nameOf, resolved, type Schema } from "./schema";
import { VALUE_WORDS } from "./value-words";
import { Whole } from "./whole";

export interface FieldProps {
  name: string;
  schema: Schema;
  value: unknown;
  path: Path;
  /** The part that the field belongs to. */
  of: Record<string, unknown>;
  onChange: (value: unknown) => void;
}

/** What a field and its values are called in the language that is spoken. */
export function useWords() {
  const { t } = useLingui();
  const said = useSaid();
  return {
    label: (name: string, kind?: unknown) => said(FIELD_WORDS, `${String(kind)}.${name}`, said(FIELD_WORDS, name, plainly(name))),
    help: (name: string) => (FIELD_HELP[name] === undefined ? undefined : t(FIELD_HELP[name])),
    value: (value: string, field?: string) => said(VALUE_WORDS, `${field ?? ""}.${value}`, said(VALUE_WORDS, value, said(MEASURE_WORDS, value, plainly(value)))),
  };
}

const DAY = /^\d{4}-\d\d-\d\d$/;
/** The end of a day is 24:00, which no input of times takes. */
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;

/** Whether a field is one input: anything else is a form of its own. */
export function isPlainField(schema: Schema): boolean {
  if (nameOf(schema) === "Condition") return true;
  const { type, enum: choices, items } = resolved(schema, DEFINITIONS);
  if (choices !== undefined || type === "string" || type === "integer" || type === "boolean") return true;
  return type === "array" && items !== undefined && items !== false && resolved(items, DEFINITIONS).type === "string";
}

/** One field, as its schema asks for. */
export function Field(props: FieldProps) {
  const { name, schema, value, path, of, onChange } = props;
  const form = useForm();
  const words = useWords();
  const plain = resolved(schema, DEFINITIONS);
  const label = words.label(name, of.type);
  const said = { id: anchorOf(path), label, description: words.help(name), error: problemAt(form, path), disabled: form.readOnly };
  const names = form.names[name] ?? [];
  if (nameOf(schema) === "Condition") {
    return (
      <fieldset id={anchorOf(path)} tabIndex={-1} disabled={form.readOnly} className={classes.plain}>
        <ConditionField label={label} value={value} place={placeOf(form.document, path)} trigger={triggerOf(form.document, path)} onChange={onChange} />
      </fieldset>
    );
  }
  if (plain.enum !== undefined) {
    const data = plain.enum.filter((each) => each !== null).map((each) => ({ value: String(each), label: words.value(String(each), name) }));
    return <Select {...said} data={data} value={chosen(value ?? plain.default)} clearable={schema.anyOf !== undefined} allowDeselect={false} onChange={(next) => { onChange(next ?? undefined); }} />;
  }
  switch (plain.type) {
    case "boolean":
      return <Checkbox {...said} checked={(value ?? plain.default) === true} onChange={(event) => { onChange(event.currentTarget.checked); }} />;
    case "integer":
      return (
        <div id={anchorOf(path)} tabIndex={-1}>
          <Figure schema={plain} path={path} label={label} description={said.description} error={said.error} value={value ?? plain.default} onChange={onChange} onEmpty={schema.anyOf === undefined ? undefined : () => { onChange(undefined); }} />
        </div>
      );
    case "array":
      if (name === "days")
        return <MultiSelect {...said} data={WEEKDAYS.map((each) => ({ value: each, label: words.value(each) }))} value={Array.isArray(value) ? value.map(String) : []} onChange={(next) => { onChange(next.length === 0 ? undefined : WEEKDAYS.filter((each) => next.includes(each))); }} />;
      return <TagsInput {...said} data={[...names]} value={Array.isArray(value) ? value.map(String) : []} onChange={(next) => { onChange(next.length === 0 ? undefined : next); }} />;
    default: {
      // Factors and percentages may stand without quotes in the text.
      const text = chosen(value) ?? chosen(plain.default) ?? "";
      if (names.length > 0 && (text === "" || names.includes(text)) && name !== "id")
        return <Select {...said} data={names} value={text === "" ? null : text} searchable clearable onChange={(next) => { onChange(next ?? undefined); }} />;
      return <TextInput {...said} type={kindOf(name, text)} dir={name === "name" || name === "description" ? "auto" : "ltr"} value={text} onChange={(event) => { const next = event.currentTarget.value; onChange(next === "" && schema.anyOf !== undefined ? undefined : next); }} />;
    }
  }
}

function chosen(value: unknown): string | null {
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

function kindOf(name: string, text: string): "date" | "time" | "text" {
  if ((name === "starts" || name === "ends") && (text === "" || DAY.test(text))) return "date";
  return (name === "start" || name === "end") && CLOCK.test(text) ? "time" : "text";
}

export interface FigureProps {
  schema: Schema;
  path: Path;
  label: string;
  description?: string;
  error?: string;
  value: unknown;
  onChange: (value: number) => void;
  onEmpty?: () => void;
}

/** A whole number of a form, as money where the schema says so. */
export function Figure({ schema, path, ...rest }: FigureProps) {
  const { currency, document, readOnly } = useForm();
  const money = isMoney(schema, document, path);
  const digits = money ? digitsOf(currency) : 0;
  return <Whole key={digits} visible {...rest} digits={digits} suffix={money ? currency : undefined} disabled={readOnly} />;
}
