import { Trans, useLingui } from "@lingui/react/macro";
import type { SwitchView } from "@perennial/api-admin";
import { Button, EmptyState, Group, Loading, Menu, Stack, Text, Title } from "@perennial/ui";
import { IconListCheck, IconPlus } from "@perennial/ui/icons";

import { lazy, Suspense } from "react";

import { isRecord } from "../program/records";
import { freeId } from "../shell/ids";
import type { Plain } from "./conditions";
import { at, insertAt, moveAt, type Path, removeAt, setAt, setFields } from "./document";
import { EntryCard } from "./entry-card";
import { useWords } from "./field";
import { useForm } from "./form-context";
import { DEFINITIONS } from "./program-schema";
import { begun, kindsOf, resolved, type Schema } from "./schema";
import { SchemaForm } from "./schema-form";
import { CASES, type Section } from "./sections";

const Cases = lazy(() => import("./cases"));

export interface SectionEditorProps {
  program: string;
  section: Section;
  text: string;
  document: Plain;
  off: readonly SwitchView[];
  opened: string | undefined;
  onOpened: (place: string | undefined) => void;
  onText: (text: string) => void;
}

/** One section of the document: its entries as cards, or its settings as a form. */
export function SectionEditor(props: SectionEditorProps) {
  const { section, text, document, onText } = props;
  const { t } = useLingui();
  const value = at(document, section.path);
  return (
    <Stack gap="md">
      <div>
        <Title order={3}>{t(section.label)}</Title>
        <Text size="sm" c="dimmed">
          {t(section.teaches)}
        </Text>
      </div>
      {section.id === CASES ? (
        <Suspense fallback={<Loading lines={4} />}>
          <Cases {...props} entries={Array.isArray(value) ? (value as unknown[]) : []} />
        </Suspense>
      ) : section.list ? (
        <Entries {...props} entries={Array.isArray(value) ? (value as unknown[]) : []} />
      ) : (
        <SchemaForm
          schema={section.schema}
          value={isRecord(value) ? value : {}}
          path={section.path}
          without={section.without}
          onChange={(next) => {
            // The settings of the program itself stand beside its sections.
            onText(section.path.length === 0 ? setFields(text, document, next) : setAt(text, section.path, next));
          }}
        />
      )}
    </Stack>
  );
}

function Entries({ section, entries, text, off, opened, onOpened, onText }: SectionEditorProps & { entries: readonly unknown[] }) {
  const { t } = useLingui();
  const { readOnly } = useForm();
  const taken = entries.flatMap((each) => (isRecord(each) && typeof each.id === "string" ? [{ id: each.id }] : []));
  const add = (entry: Plain, place: number) => {
    onText(insertAt(text, section.path, place, entry));
    onOpened(String(place));
  };
  return (
    <>
      {entries.length === 0 && <EmptyState icon={<IconListCheck size={26} />} title={t`None yet`}>{t(section.teaches)}</EmptyState>}
      {entries.map((entry, place) => {
        const path: Path = [...section.path, place];
        if (!isRecord(entry)) return null;
        return (
          <EntryCard
            key={path.join("/")}
            value={entry}
            path={path}
            schema={section.schema}
            at={place}
            of={entries.length}
            open={opened === String(place)}
            off={off.find(({ object }) => object.kind === section.switch && object.id === entry.id)}
            onOpen={() => {
              onOpened(opened === String(place) ? undefined : String(place));
            }}
            onChange={(next) => {
              onText(setAt(text, path, next));
            }}
            onMove={(to) => {
              onText(moveAt(text, section.path, place, to));
              onOpened(undefined);
            }}
            onCopy={() => {
              add({ ...entry, id: freeId(String(entry.id), taken) }, place + 1);
            }}
            onRemove={() => {
              onText(removeAt(text, path));
              onOpened(undefined);
            }}
          />
        );
      })}
      {!readOnly && <AddEntry schema={section.schema} taken={taken} onAdd={(entry) => { add(entry, entries.length); }} />}
    </>
  );
}

function AddEntry({ schema, taken, onAdd }: { schema: Schema; taken: readonly { id: string }[]; onAdd: (entry: Plain) => void }) {
  const words = useWords();
  const plain = resolved(schema, DEFINITIONS);
  const kinds = Object.keys(kindsOf(plain, DEFINITIONS) ?? {});
  const start = (tag?: string) => {
    const entry = begun(schema, DEFINITIONS, tag) as Plain;
    const id = freeId(tag?.replaceAll("_", "-") ?? "new", taken);
    onAdd({ id, ...entry, ...("id" in entry ? { id } : {}), ...(entry.name === "" ? { name: id } : {}) });
  };
  const label = <Trans>Add</Trans>;
  if (kinds.length < 2) {
    return (
      <Group>
        <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => { start(); }}>
          {label}
        </Button>
      </Group>
    );
  }
  return (
    <Group>
      <Menu position="bottom-start">
        <Menu.Target>
          <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />}>
            {label}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {kinds.map((tag) => (
            <Menu.Item key={tag} onClick={() => { start(tag); }}>
              {words.value(tag)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}
