import { useLingui } from "@lingui/react/macro";
import { Input, SimpleGrid, TextInput } from "@perennial/ui";

import { LOCALES } from "../i18n/locales";
import parts from "./condition.module.css";
import { type Plain, plainOf, windowOf, without } from "./conditions";
import type { Path } from "./document";
import classes from "./editor.module.css";
import { Figure, type FieldProps } from "./field";
import { WindowPart } from "./figure-parts";
import { anchorOf, type Named, problemAt, useForm } from "./form-context";
import type { Schema } from "./schema";
import { Whole } from "./whole";

interface NamedProps {
  value: Plain;
  path: Path;
  onChange: (value: Plain) => void;
}

/** A number for each of the names that there are; who has none is left out. */
export function Figures({ schema, names, value, path, onChange }: NamedProps & { schema: Schema; names: readonly Named[] }) {
  const form = useForm();
  const gone = Object.keys(value).filter((each) => names.every((named) => named.value !== each));
  const all = [...names, ...gone.map((each) => ({ value: each, label: each }))];
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
      {all.map(({ value: name, label }) => (
        <div key={name} id={anchorOf([...path, name])} tabIndex={-1}>
          <Figure
            schema={schema}
            path={[...path, name]}
            label={label}
            error={problemAt(form, [...path, name])}
            value={value[name]}
            onChange={(next) => { onChange({ ...value, [name]: next }); }}
            onEmpty={() => { onChange(without(value, name)); }}
          />
        </div>
      ))}
    </SimpleGrid>
  );
}

/** A text in each of the languages that members may read. */
export function Texts({ value, path, onChange }: NamedProps) {
  const form = useForm();
  const all = [...new Set([...LOCALES.map(({ code }) => code), ...Object.keys(value)])];
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
      {all.map((language) => {
        const text = value[language];
        return (
          <TextInput
            key={language}
            id={anchorOf([...path, language])}
            label={LOCALES.find(({ code }) => code === language)?.name ?? language}
            lang={language}
            dir="auto"
            disabled={form.readOnly}
            error={problemAt(form, [...path, language])}
            value={typeof text === "string" ? text : ""}
            onChange={(event) => {
              const next = event.currentTarget.value;
              onChange(next === "" ? without(value, language) : { ...value, [language]: next });
            }}
          />
        );
      })}
    </SimpleGrid>
  );
}

/** So many days before and after a day of the member's own. */
export function Around({ value, path, onChange }: { value: readonly unknown[]; path: Path; onChange: (value: unknown) => void }) {
  const { t } = useLingui();
  const { readOnly } = useForm();
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
      {[t`Days before`, t`Days after`].map((label, place) => (
        <div key={label} id={anchorOf([...path, place])} tabIndex={-1}>
          <Whole visible label={label} digits={0} disabled={readOnly} value={value[place]} onChange={(next) => { onChange(value.with(place, next)); }} />
        </div>
      ))}
    </SimpleGrid>
  );
}

/** The time over which something is counted. */
export function PeriodField({ label, path, value, onChange }: FieldProps & { label: string }) {
  const form = useForm();
  return (
    <fieldset id={anchorOf(path)} tabIndex={-1} disabled={form.readOnly} className={classes.plain}>
      <Input.Wrapper label={label} labelElement="div" error={problemAt(form, path)}>
        <div className={parts.part}>
          <WindowPart
            window={windowOf(value) ?? { kind: "ever" }}
            onChange={(window) => {
              onChange(window.kind === "since_joining" ? { since_joining: true } : plainOf(window));
            }}
          />
        </div>
      </Input.Wrapper>
    </fieldset>
  );
}
