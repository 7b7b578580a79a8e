import { Trans, useLingui } from "@lingui/react/macro";
import { Button, Fieldset, Group, Select, SimpleGrid, Stack, Text } from "@perennial/ui";
import { IconPlus } from "@perennial/ui/icons";
import { useState } from "react";

import { isRecord } from "../program/records";
import { type Plain, without as left } from "./conditions";
import type { Path } from "./document";
import { Field, type FieldProps, Figure, isPlainField, useWords } from "./field";
import { anchorOf, problemAt, useForm } from "./form-context";
import { DEFINITIONS } from "./program-schema";
import { begun, kindsOf, nameOf, resolved, type Schema, shapeOf } from "./schema";
import { AnyText } from "./text-part";

export interface SchemaFormProps {
  schema: Schema;
  value: Plain;
  path: Path;
  /** Fields that are shown elsewhere. */
  without?: readonly string[];
  onChange: (value: Plain) => void;
}

const COMMON = new Set(["name", "points", "per", "percent", "trigger", "when", "price", "gives", "value", "schedule", "currency", "time_zone", "multiplier", "description"]);

/** A form for one part of a program, drawn from its schema: what is used first, the rest behind a button. */
export function SchemaForm({ schema, value, path, without = [], onChange }: SchemaFormProps) {
  const plain = resolved(schema, DEFINITIONS);
  const kinds = kindsOf(plain, DEFINITIONS);
  const shape = shapeOf(schema, value, DEFINITIONS);
  const [all, setAll] = useState(false);
  if (shape?.properties === undefined) return <Unknown name="" value={value} onChange={(next) => { onChange(next as Plain); }} />;
  const { required = [] } = shape;
  const names = Object.keys(shape.properties)
    .filter((name) => name !== "type" && !without.includes(name))
    .toSorted((one, other) => rank(one) - rank(other));
  const first = names.filter((name) => required.includes(name) || value[name] !== undefined || COMMON.has(name) || names.length < 6);
  const rest = names.filter((name) => !first.includes(name));
  const put = (name: string, next: unknown) => {
    onChange(next === undefined ? Object.fromEntries(Object.entries(value).filter(([key]) => key !== name)) : { ...value, [name]: next });
  };
  const draw = (name: string) => (
    <Part key={name} name={name} schema={shape.properties?.[name] ?? {}} required={required.includes(name)} value={value[name]} path={[...path, name]} of={value} onChange={(next) => { put(name, next); }} />
  );
  return (
    <Stack gap="md">
      {kinds !== undefined && <Kind kinds={kinds} value={value} path={path} onChange={onChange} />}
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        {inputs(first, shape).map(draw)}
      </SimpleGrid>
      {blocks(first, shape).map(draw)}
      {rest.length > 0 &&
        (all ? (
          <>
            <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
              {inputs(rest, shape).map(draw)}
            </SimpleGrid>
            {blocks(rest, shape).map(draw)}
          </>
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

/** People look for the name first, and for the short name last. */
function rank(name: string): number {
  return name === "name" ? 0 : name === "id" ? 2 : 1;
}

function isInput(name: string, shape: Schema): boolean {
  const schema = shape.properties?.[name] ?? {};
  return isPlainField(schema) && nameOf(schema) !== "Condition";
}

function inputs(names: readonly string[], shape: Schema): string[] {
  return names.filter((name) => isInput(name, shape));
}

function blocks(names: readonly string[], shape: Schema): string[] {
  return names.filter((name) => !isInput(name, shape));
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

/** One field, or a form within the form. */
function Part(props: FieldProps & { required: boolean }) {
  const { name, schema, value, path, required, of, onChange } = props;
  const { t } = useLingui();
  const words = useWords();
  const { readOnly, names } = useForm();
  if (isPlainField(schema)) return <Field {...props} />;
  const plain = resolved(schema, DEFINITIONS);
  const label = words.label(name, of.type);
  const each = figureOf(plain);
  const remove = (
    <Button size="xs" variant="subtle" color="gray" disabled={readOnly} aria-label={t`Remove: ${label}`} onClick={() => { onChange(undefined); }}>
      <Trans>Remove</Trans>
    </Button>
  );
  if (plain.type === "array" && plain.items !== undefined && plain.items !== false && isForm(plain.items))
    return <Entries {...props} label={label} items={plain.items} />;
  if (value === undefined) {
    return (
      <Group gap="xs">
        <Button
          id={anchorOf(path)}
          size="xs"
          variant="default"
          disabled={readOnly}
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => { onChange(isForm(schema) ? begun(schema, DEFINITIONS) : {}); }}
        >
          {label}
        </Button>
      </Group>
    );
  }
  return (
    <Fieldset legend={label} id={anchorOf(path)} tabIndex={-1}>
      <Stack gap="sm">
        {isForm(schema) && isRecord(value) ? (
          <SchemaForm schema={schema} value={value} path={path} onChange={onChange} />
        ) : each !== undefined && names[name] !== undefined && isRecord(value) ? (
          <Figures schema={each} names={names[name]} value={value} path={path} onChange={onChange} />
        ) : (
          <Unknown name={label} value={value} onChange={onChange} />
        )}
        {!required && <Group justify="flex-end">{remove}</Group>}
      </Stack>
    </Fieldset>
  );
}

/** Whether a schema describes a part with named fields. */
function isForm(schema: Schema): boolean {
  const plain = resolved(schema, DEFINITIONS);
  return plain.properties !== undefined || kindsOf(plain, DEFINITIONS) !== undefined;
}

/** The schema of the whole numbers that a part has by names of the document, if it is such a part. */
function figureOf({ properties, additionalProperties: each }: Schema): Schema | undefined {
  return properties === undefined && typeof each === "object" && each.type === "integer" ? each : undefined;
}

/** A number for each of the names that there are; who has none is left out. */
function Figures({ schema, names, value, path, onChange }: { schema: Schema; names: readonly string[]; value: Plain; path: Path; onChange: (value: Plain) => void }) {
  const form = useForm();
  const all = [...new Set([...names, ...Object.keys(value)])];
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
      {all.map((name) => (
        <div key={name} id={anchorOf([...path, name])} tabIndex={-1}>
          <Figure
            schema={schema}
            path={[...path, name]}
            label={name}
            error={problemAt(form, [...path, name])}
            value={value[name]}
            onChange={(next) => { onChange({ ...value, [name]: next }); }}
            onEmpty={() => { onChange(left(value, name)); }}
          />
        </div>
      ))}
    </SimpleGrid>
  );
}

function Unknown({ name, value, onChange }: { name: string; value: unknown; onChange: (value: unknown) => void }) {
  const { t } = useLingui();
  const { readOnly } = useForm();
  return <AnyText label={name} disabled={readOnly} value={value} fits={(next) => typeof next === typeof value && next !== null} unfit={t`This cannot be read yet`} onChange={onChange} />;
}

function Entries({ name, value, path, items, label, onChange }: FieldProps & { items: Schema; label: string }) {
  const { t } = useLingui();
  const { readOnly } = useForm();
  const entries: unknown[] = Array.isArray(value) ? value : [];
  return (
    <Fieldset legend={label} id={anchorOf(path)} tabIndex={-1}>
      <Stack gap="sm">
        {entries.length === 0 && (
          <Text size="sm" c="dimmed">
            <Trans>None yet</Trans>
          </Text>
        )}
        {entries.map((entry, place) => {
          const number = String(place + 1);
          return (
            <Stack key={`${name}/${number}`} gap="xs">
              {isRecord(entry) ? (
                <SchemaForm schema={items} value={entry} path={[...path, place]} onChange={(next) => { onChange(entries.with(place, next)); }} />
              ) : (
                <Unknown name={label} value={entry} onChange={(next) => { onChange(entries.with(place, next)); }} />
              )}
              <Group justify="flex-end">
                <Button size="xs" variant="subtle" color="gray" disabled={readOnly} aria-label={t`Remove: ${label} ${number}`} onClick={() => { onChange(entries.toSpliced(place, 1)); }}>
                  <Trans>Remove</Trans>
                </Button>
              </Group>
            </Stack>
          );
        })}
        <Group>
          <Button size="xs" variant="default" disabled={readOnly} aria-label={t`Add: ${label}`} leftSection={<IconPlus size={14} aria-hidden />} onClick={() => { onChange([...entries, begun(items, DEFINITIONS)]); }}>
            <Trans>Add</Trans>
          </Button>
        </Group>
      </Stack>
    </Fieldset>
  );
}
