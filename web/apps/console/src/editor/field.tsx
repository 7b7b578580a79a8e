import { useLingui } from "@lingui/react/macro";
import { Checkbox, Input, MultiSelect, Select, TagsInput, Textarea, TextInput } from "@perennial/ui";

import { useSaid } from "../i18n/said";
import { digitsOf } from "../i18n/decimals";
import { MEASURE_WORDS } from "../program/measures";
import ConditionField from "./condition-field";
import type { Path } from "./document";
import classes from "./editor.module.css";
import { FIELD_HELP } from "./field-help";
import { FIELD_WORDS, plainly } from "./field-words";
import { anchorOf, type Named, ORDER, problemsWithin, useForm } from "./form-context";
import { decimalsAt, isMoney } from "./money";
import { placeOf, triggerOf } from "./places";
import { DEFINITIONS } from "./program-schema";
import { ON_CARTS, REFUSALS } from "./refusals";
import { nameOf, resolved, type Schema } from "./schema";
import { SpanField } from "./span-field";
import { VALUE_WORDS } from "./value-words";
import { Whole } from "./whole";

export interface FieldProps {
  name: string;
  schema: Schema;
  value: unknown;
  path: Path;
  /** What the part that the field belongs to is called in the schema. */
  part: string | undefined;
  onChange: (value: unknown) => void;
}

/** What a field and its values are called in the language that is spoken, if need be by the part that it belongs to. */
export function useWords() {
  const { t } = useLingui();
  const said = useSaid();
  const value = (value: string, field?: string) => said(VALUE_WORDS, `${field ?? ""}.${value}`, said(VALUE_WORDS, value, said(MEASURE_WORDS, value, plainly(value))));
  return {
    label: (name: string, part?: string) => said(FIELD_WORDS, `${String(part)}.${name}`, said(FIELD_WORDS, name, plainly(name))),
    help: (name: string, part?: string) => {
      const found = FIELD_HELP[`${String(part)}.${name}`] ?? FIELD_HELP[name];
      return found === undefined ? undefined : t(found);
    },
    value,
    /** An event: the shop's own ones are called what the document calls them. */
    trigger: (name: string) => (`trigger.${name}` in VALUE_WORDS ? value(name, "trigger") : name),
  };
}

export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/** Texts that are read by people, in whatever language they are written. */
const AS_WRITTEN = new Set(["name", "description", "subject"]);
const SPAN = "Span";
const DAY = /^\d{4}-\d\d-\d\d$/;
/** The end of a day is 24:00, which no input of times takes. */
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;

/** Whether a field is one input: anything else is a form of its own. */
export function isPlainField(schema: Schema): boolean {
  const { type, enum: choices, items, title } = resolved(schema, DEFINITIONS);
  if (nameOf(schema) === "Condition" || title === SPAN || choices !== undefined) return true;
  if (type === "string" || type === "integer" || type === "boolean") return true;
  return type === "array" && items !== undefined && items !== false && resolved(items, DEFINITIONS).type === "string";
}

/** So many characters are no line any more. */
const LINE = 1000;

/** Whether a field is a text of several lines, which takes the whole width. */
export function isLongField(schema: Schema): boolean {
  const { type, enum: choices, maxLength } = resolved(schema, DEFINITIONS);
  return type === "string" && choices === undefined && (maxLength ?? 0) > LINE;
}

/** One field, as its schema asks for. */
export function Field(props: FieldProps) {
  const { name, schema, value, path, part, onChange } = props;
  const form = useForm();
  const words = useWords();
  const plain = resolved(schema, DEFINITIONS);
  const label = words.label(name, part);
  const said = { id: anchorOf(path), label, description: words.help(name, part), error: problemsWithin(form, path)[0], disabled: form.readOnly, inputWrapperOrder: ORDER };
  const names = useNames(name, part);
  if (nameOf(schema) === "Condition") return <Condition {...props} label={label} />;
  if (plain.title === SPAN) return <SpanField id={said.id} label={label} description={said.description} error={said.error} value={value ?? plain.default} onChange={onChange} />;
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
    case "array": {
      const chosen = Array.isArray(value) ? value.map(String) : [];
      const put = (next: string[]) => { onChange(next.length === 0 ? undefined : next); };
      if (name === "days")
        return <MultiSelect {...said} data={WEEKDAYS.map((each) => ({ value: each, label: words.value(each) }))} value={chosen} onChange={(next) => { put(WEEKDAYS.filter((each) => next.includes(each))); }} />;
      if (names.length > 0) {
        const gone = chosen.filter((each) => names.every(({ value }) => value !== each)).map((each) => ({ value: each, label: each }));
        return <MultiSelect {...said} data={[...names, ...gone]} value={chosen} searchable clearable onChange={put} />;
      }
      return <TagsInput {...said} value={chosen} onChange={put} />;
    }
    default: {
      // Factors and percentages may stand without quotes in the text.
      const text = chosen(value) ?? chosen(plain.default) ?? "";
      if (names.length > 0 && (text === "" || names.some(({ value }) => value === text)))
        return <Select {...said} data={names} value={text === "" ? null : text} searchable clearable={plain.default === undefined || plain.default === null} allowDeselect={false} onChange={(next) => { onChange(next ?? undefined); }} />;
      if (isLongField(schema))
        return <Textarea {...said} dir="auto" autosize minRows={4} maxRows={20} value={text} onChange={(event) => { const next = event.currentTarget.value; onChange(next === "" && schema.anyOf !== undefined ? undefined : next); }} />;
      return <TextInput {...said} type={kindOf(name, text)} dir={AS_WRITTEN.has(name) ? "auto" : "ltr"} value={text} onChange={(event) => { const next = event.currentTarget.value; onChange(next === "" && schema.anyOf !== undefined ? undefined : next); }} />;
    }
  }
}

/** What may be named in a field, as people call it. */
function useNames(name: string, part: string | undefined): Named[] {
  const { t } = useLingui();
  const form = useForm();
  const words = useWords();
  const names = form.names[`${String(part)}.${name}`] ?? form.names[name] ?? [];
  if (name === "trigger") return names.map(({ value }) => ({ value, label: words.trigger(value) }));
  if (name === "reasons") return [REFUSALS, ON_CARTS].flatMap((table) => Object.entries(table)).map(([value, said]) => ({ value, label: t(said) }));
  return name === "week_starts" ? names.map(({ value }) => ({ value, label: words.value(value) })) : [...names];
}

function Condition({ value, path, label, onChange }: FieldProps & { label: string }) {
  const form = useForm();
  const wrong = problemsWithin(form, path);
  return (
    <fieldset id={anchorOf(path)} tabIndex={-1} disabled={form.readOnly} className={classes.plain}>
      <ConditionField label={label} value={value} place={placeOf(form.document, path)} trigger={triggerOf(form.document, path)} onChange={onChange} />
      {wrong.map((words) => (
        <Input.Error key={words} mt={4}>
          <bdi>{words}</bdi>
        </Input.Error>
      ))}
    </fieldset>
  );
}

function chosen(value: unknown): string | null {
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

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

/** A whole number of a form, as money or points where the schema says so. */
export function Figure({ schema, path, ...rest }: FigureProps) {
  const { currency, document, readOnly } = useForm();
  const money = isMoney(schema, document, path);
  const digits = money ? digitsOf(currency) : schema["x-points"] === true ? decimalsAt(document, path) : 0;
  return <Whole key={digits} visible {...rest} digits={digits} suffix={money ? currency : undefined} disabled={readOnly} />;
}
