import { Trans, useLingui } from "@lingui/react/macro";
import { Button, Fieldset, Group, Input, Select, SimpleGrid, Stack, Text } from "@perennial/ui";
import { IconPlus } from "@perennial/ui/icons";
import { useState } from "react";

import { isRecord } from "../program/records";
import { type Plain, windowOf, without as left } from "./conditions";
import type { Path } from "./document";
import classes from "./editor.module.css";
import { Field, type FieldProps, isLongField, isPlainField, useWords } from "./field";
import { anchorOf, type Named, problemAt, problemsWithin, useForm } from "./form-context";
import { Around, Figures, PeriodField, Texts } from "./named-parts";
import { DEFINITIONS } from "./program-schema";
import { begun, kindsOf, resolved, type Schema, shapeOf } from "./schema";
import { AnyText } from "./text-part";
import { whichFields } from "./which-fields";

export interface SchemaFormProps {
  schema: Schema;
  value: Plain;
  path: Path;
  /** Fields that are shown elsewhere. */
  without?: readonly string[];
  onChange: (value: Plain) => void;
}

/** A form for one part of a program, drawn from its schema: what is used first, the rest behind a button. */
export function SchemaForm({ schema, value, path, without = [], onChange }: SchemaFormProps) {
  const form = useForm();
  const kinds = kindsOf(resolved(schema, DEFINITIONS), DEFINITIONS);
  const shape = shapeOf(schema, value, DEFINITIONS);
  const [all, setAll] = useState(false);
  const [before] = useState(value);
  if (shape?.properties === undefined) return <Unknown name="" value={value} onChange={(next) => { onChange(next as Plain); }} />;
  const wrong = (name: string) => problemsWithin(form, [...path, name]).length > 0;
  const { first, rest } = whichFields({ shape, value, before, without, wallets: form.names.wallet?.length ?? 0, wrong });
  const fields = (names: readonly string[]) => names.map((name): PartProps => ({
    name,
    schema: shape.properties?.[name] ?? {},
    required: shape.required?.includes(name) === true,
    value: value[name],
    path: [...path, name],
    part: shape.title,
    onChange: (next) => {
      onChange(next === undefined ? Object.fromEntries(Object.entries(value).filter(([key]) => key !== name)) : { ...value, [name]: next });
    },
  }));
  return (
    <Stack gap="md" className={classes.fields}>
      {kinds !== undefined && <Kind kinds={kinds} value={value} path={path} onChange={onChange} />}
      <Fields fields={fields(first)} />
      {rest.length > 0 &&
        (all ? (
          <Fields fields={fields(rest)} />
        ) : (
          <Group>
            <Button size="xs" variant="subtle" onClick={() => { setAll(true); }}>
              <Trans>More settings</Trans>
            </Button>
          </Group>
        ))}
    </Stack>
  );
}

/** Inputs side by side, texts of several lines and what can be ticked below them, then what is a form of its own, and at last what could be added. */
function Fields({ fields }: { fields: readonly PartProps[] }) {
  const ticks = fields.filter(({ schema }) => resolved(schema, DEFINITIONS).type === "boolean");
  const texts = fields.filter(({ schema }) => isLongField(schema));
  const inputs = fields.filter((each) => isInput(each) && !ticks.includes(each) && !texts.includes(each));
  const blocks = fields.filter((each) => !isInput(each));
  const offered = blocks.filter(isOffered);
  return (
    <>
      {inputs.length > 0 && <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">{inputs.map((each) => <Field key={each.name} {...each} />)}</SimpleGrid>}
      {texts.map((each) => <Field key={each.name} {...each} />)}
      {ticks.length > 0 && <Stack gap="xs">{ticks.map((each) => <Field key={each.name} {...each} />)}</Stack>}
      {blocks.filter((each) => !offered.includes(each)).map((each) => <Part key={each.name} {...each} />)}
      {offered.length > 0 && <Group gap="xs">{offered.map((each) => <Offer key={each.name} {...each} />)}</Group>}
    </>
  );
}

function isInput({ schema }: PartProps): boolean {
  return isPlainField(schema) && resolved(schema, DEFINITIONS).title !== "Condition";
}

/** Whether nothing is written of a part that may be left out. */
function isOffered({ schema, value, required }: PartProps): boolean {
  if (isPlainField(schema) || required || resolved(schema, DEFINITIONS).title === PERIOD) return false;
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function Kind({ kinds, value, path, onChange }: { kinds: Record<string, Schema>; value: Plain; path: Path; onChange: (value: Plain) => void }) {
  const { t } = useLingui();
  const words = useWords();
  const { readOnly } = useForm();
  return (
    <Select
      id={anchorOf([...path, "type"])}
      label={t`Kind`}
      maw="24rem"
      disabled={readOnly}
      allowDeselect={false}
      data={Object.keys(kinds).map((tag) => ({ value: tag, label: words.value(tag, String(path.at(-1))) }))}
      value={String(value.type)}
      onChange={(tag) => {
        const shape = tag === null ? undefined : kinds[tag];
        if (tag === null || shape === undefined || tag === value.type) return;
        const kept = Object.entries(value).filter(([name]) => name in (shape.properties ?? {}));
        onChange({ ...(begun({ ...shape, default: undefined }, DEFINITIONS) as Plain), ...Object.fromEntries(kept), type: tag });
      }}
    />
  );
}

const PERIOD = "HistoryWindow";

type PartProps = FieldProps & { required: boolean };

/** A part of which nothing is written yet, to be added. */
function Offer({ name, schema, path, part, onChange }: PartProps) {
  const words = useWords();
  const { readOnly } = useForm();
  const { type, items, prefixItems } = resolved(schema, DEFINITIONS);
  const begin = () => {
    if (prefixItems !== undefined) return prefixItems.map(() => 0);
    if (type === "array" && typeof items === "object") return [begun(items, DEFINITIONS)];
    return isForm(schema) ? begun(schema, DEFINITIONS) : {};
  };
  return (
    <Button id={anchorOf(path)} size="xs" variant="default" disabled={readOnly} leftSection={<IconPlus size={14} aria-hidden />} onClick={() => { onChange(begin()); }}>
      {words.label(name, part)}
    </Button>
  );
}

/** A form within the form. */
function Part(props: PartProps) {
  const { name, schema, value, path, required, part, onChange } = props;
  const words = useWords();
  if (isPlainField(schema)) return <Field {...props} />;
  const plain = resolved(schema, DEFINITIONS);
  const label = words.label(name, part);
  if (plain.title === PERIOD && windowOf(value) !== undefined) return <PeriodField {...props} label={label} />;
  if (plain.type === "array" && typeof plain.items === "object" && isForm(plain.items)) return <Entries {...props} label={label} items={plain.items} />;
  return (
    <Fieldset legend={label} id={anchorOf(path)} tabIndex={-1}>
      <Stack gap="sm">
        <Wrong path={path} />
        <Inner {...props} label={label} />
        {!required && <Remove label={label} onRemove={() => { onChange(undefined); }} />}
      </Stack>
    </Fieldset>
  );
}

/** What stands in a part: its named fields, or something for each of the names that there are. */
function Inner({ name, schema, value, path, part, label, onChange }: FieldProps & { label: string }) {
  const { names } = useForm();
  const plain = resolved(schema, DEFINITIONS);
  const each = eachOf(plain);
  const known = names[name] ?? [];
  if (plain.prefixItems !== undefined && Array.isArray(value)) return <Around value={value} path={path} onChange={onChange} />;
  if (!isRecord(value)) return <Unknown name={label} value={value} onChange={onChange} />;
  if (isForm(schema)) return <SchemaForm schema={schema} value={value} path={path} onChange={onChange} />;
  if (each !== undefined && known.length > 0) {
    if (each.type === "integer") return <Figures schema={each} names={known} value={value} path={path} onChange={onChange} />;
    if (isForm(each)) return <ByName schema={each} names={known} value={value} path={path} onChange={onChange} />;
  }
  return part === "RefusalText" ? <Texts value={value} path={path} onChange={onChange} /> : <Unknown name={label} value={value} onChange={onChange} />;
}

/** Whether a schema describes a part with named fields. */
function isForm(schema: Schema): boolean {
  const plain = resolved(schema, DEFINITIONS);
  return plain.properties !== undefined || kindsOf(plain, DEFINITIONS) !== undefined;
}

/** The schema of what a part has by names of the document, if it is such a part. */
function eachOf({ properties, additionalProperties: each }: Schema): Schema | undefined {
  return properties === undefined && typeof each === "object" ? resolved(each, DEFINITIONS) : undefined;
}

/** A form for each of the names of which something is written; the others can be added. */
function ByName({ schema, names, value, path, onChange }: { schema: Schema; names: readonly Named[]; value: Plain; path: Path; onChange: (value: Plain) => void }) {
  const { readOnly } = useForm();
  const gone = Object.keys(value).filter((each) => names.every((named) => named.value !== each));
  const all = [...names, ...gone.map((each) => ({ value: each, label: each }))];
  return (
    <>
      {all.map(({ value: name, label }) => {
        const entry = value[name];
        if (!isRecord(entry)) return null;
        return (
          <Fieldset key={name} legend={label} id={anchorOf([...path, name])} tabIndex={-1}>
            <Stack gap="sm">
              <Wrong path={[...path, name]} />
              <SchemaForm schema={schema} value={entry} path={[...path, name]} onChange={(next) => { onChange({ ...value, [name]: next }); }} />
              <Remove label={label} onRemove={() => { onChange(left(value, name)); }} />
            </Stack>
          </Fieldset>
        );
      })}
      <Group gap="xs">
        {names.filter((named) => value[named.value] === undefined).map(({ value: name, label }) => (
          <Button key={name} size="xs" variant="default" disabled={readOnly} leftSection={<IconPlus size={14} aria-hidden />} onClick={() => { onChange({ ...value, [name]: {} }); }}>
            {label}
          </Button>
        ))}
      </Group>
    </>
  );
}

function Remove({ label, onRemove }: { label: string; onRemove: () => void }) {
  const { t } = useLingui();
  const { readOnly } = useForm();
  if (readOnly) return null;
  return (
    <Group justify="flex-end">
      <Button size="xs" variant="subtle" color="gray" aria-label={t`Remove: ${label}`} onClick={onRemove}>
        <Trans>Remove</Trans>
      </Button>
    </Group>
  );
}

/** What is wrong with a part as a whole. */
function Wrong({ path }: { path: Path }) {
  const words = problemAt(useForm(), path);
  return words === undefined ? null : (
    <Input.Error>
      <bdi>{words}</bdi>
    </Input.Error>
  );
}

function Unknown({ name, value, onChange }: { name: string; value: unknown; onChange: (value: unknown) => void }) {
  const { t } = useLingui();
  const { readOnly } = useForm();
  return <AnyText label={name} disabled={readOnly} value={value} fits={(next) => typeof next === typeof value && next !== null} unfit={t`This cannot be read yet`} onChange={onChange} />;
}

/** What no limit of a message counts: only how often it is sent. */
const UNCOUNTED = ["points", "discount", "units", "by_product", "order_value", "customers", "at_cap", "comes_back"];

function Entries({ name, value, path, items, label, onChange }: FieldProps & { items: Schema; label: string }) {
  const { t } = useLingui();
  const { readOnly } = useForm();
  const entries: unknown[] = Array.isArray(value) ? value : [];
  const idle = (entry: Plain) => (name === "limits" && path.includes("messages") ? UNCOUNTED.filter((each) => entry[each] === undefined) : undefined);
  return (
    <Fieldset legend={label} id={anchorOf(path)} tabIndex={-1}>
      <Stack gap="sm">
        <Wrong path={path} />
        {entries.length === 0 && (
          <Text size="sm" c="dimmed">
            <Trans>None yet</Trans>
          </Text>
        )}
        {entries.map((entry, place) => {
          const number = String(place + 1);
          return (
            <Stack key={`${name}/${number}`} gap="xs" className={classes.entry} id={anchorOf([...path, place])} tabIndex={-1}>
              <Wrong path={[...path, place]} />
              {isRecord(entry) ? (
                <SchemaForm schema={items} value={entry} path={[...path, place]} without={idle(entry)} onChange={(next) => { onChange(entries.with(place, next)); }} />
              ) : (
                <Unknown name={label} value={entry} onChange={(next) => { onChange(entries.with(place, next)); }} />
              )}
              <Remove label={`${label} ${number}`} onRemove={() => { onChange(entries.toSpliced(place, 1)); }} />
            </Stack>
          );
        })}
        {!readOnly && (
          <Group>
            <Button size="xs" variant="default" aria-label={t`Add: ${label}`} leftSection={<IconPlus size={14} aria-hidden />} onClick={() => { onChange([...entries, begun(items, DEFINITIONS)]); }}>
              <Trans>Add</Trans>
            </Button>
          </Group>
        )}
      </Stack>
    </Fieldset>
  );
}
