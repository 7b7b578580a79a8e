import { useLingui } from "@lingui/react/macro";
import { Checkbox, Select, TagsInput, TextInput } from "@perennial/ui";

import { digitsOf } from "./amounts";
import ConditionField from "./condition-field";
import type { Path } from "./document";
import { FIELD_HELP, FIELD_WORDS, isAmount, plainly, VALUE_WORDS } from "./field-words";
import type { Place } from "./facts";
import { anchorOf, problemAt, useForm } from "./form-context";
import { Whole } from "./operand";
import { DEFINITIONS } from "./program-schema";
import { nameOf, resolved, type Schema } from "./schema";

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
  return {
    label: (name: string) => (FIELD_WORDS[name] === undefined ? plainly(name) : t(FIELD_WORDS[name])),
    help: (name: string) => (FIELD_HELP[name] === undefined ? undefined : t(FIELD_HELP[name])),
    value: (value: string) => (VALUE_WORDS[value] === undefined ? plainly(value) : t(VALUE_WORDS[value])),
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
  const label = words.label(name);
  const said = { id: anchorOf(path), label, description: words.help(name), error: problemAt(form, path), disabled: form.readOnly };
  const names = form.names[name] ?? [];
  if (nameOf(schema) === "Condition") {
    return (
      <div id={anchorOf(path)} tabIndex={-1}>
        <ConditionField label={label} value={value} place={placeOf(path)} trigger={typeof of.trigger === "string" ? of.trigger : undefined} onChange={onChange} />
      </div>
    );
  }
  if (plain.enum !== undefined) {
    const data = plain.enum.filter((each) => each !== null).map((each) => ({ value: String(each), label: words.value(String(each)) }));
    return <Select {...said} data={data} value={chosen(value ?? plain.default)} clearable={schema.anyOf !== undefined} allowDeselect={false} onChange={(next) => { onChange(next ?? undefined); }} />;
  }
  switch (plain.type) {
    case "boolean":
      return <Checkbox {...said} checked={(value ?? plain.default) === true} onChange={(event) => { onChange(event.currentTarget.checked); }} />;
    case "integer": {
      const money = isAmount(name, of.type);
      return (
        <div id={anchorOf(path)} tabIndex={-1}>
          <Whole visible label={label} description={said.description} error={said.error} disabled={form.readOnly} digits={money ? digitsOf(form.currency) : 0} suffix={money ? form.currency : undefined} value={value ?? plain.default} onChange={onChange} onEmpty={schema.anyOf === undefined ? undefined : () => { onChange(undefined); }} />
        </div>
      );
    }
    case "array":
      return <TagsInput {...said} data={[...names, ...weekdays(name)]} value={Array.isArray(value) ? value.map(String) : []} onChange={(next) => { onChange(next.length === 0 ? undefined : next); }} />;
    default: {
      const text = typeof value === "string" ? value : typeof plain.default === "string" ? plain.default : "";
      if (names.length > 0 && (text === "" || names.includes(text)) && name !== "id")
        return <Select {...said} data={names} value={text === "" ? null : text} searchable clearable onChange={(next) => { onChange(next ?? undefined); }} />;
      return <TextInput {...said} type={kindOf(name, text)} dir={name === "name" || name === "description" ? "auto" : "ltr"} value={text} onChange={(event) => { const next = event.currentTarget.value; onChange(next === "" && schema.anyOf !== undefined ? undefined : next); }} />;
    }
  }
}

function chosen(value: unknown): string | null {
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

function weekdays(name: string): readonly string[] {
  return name === "days" ? ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] : [];
}

function kindOf(name: string, text: string): "date" | "time" | "text" {
  if ((name === "starts" || name === "ends") && (text === "" || DAY.test(text))) return "date";
  return (name === "start" || name === "end") && CLOCK.test(text) ? "time" : "text";
}

/** Where in a program a condition stands, for what may be asked there. */
function placeOf(path: Path): Place {
  const field = path.at(-1);
  const inRule = path.includes("earning_rules");
  if (field === "where") return "filter";
  if (field === "lines") return inRule ? "rule_lines" : "benefit_lines";
  if (field === "usable_when") return "order";
  if (field === "audience") return "audience";
  if (inRule) return "rule";
  return path[0] === "campaigns" && path.length === 3 ? "campaign" : "member";
}
