import { Trans, useLingui } from "@lingui/react/macro";
import type { SwitchView } from "@perennial/api-admin";
import { ActionIcon, Badge, Button, Group, Menu, Text } from "@perennial/ui";
import { IconArrowDown, IconArrowUp, IconChevronDown, IconCopy, IconTrash } from "@perennial/ui/icons";

import { isRecord } from "../program/records";
import type { Plain } from "./conditions";
import type { Path } from "./document";
import classes from "./editor.module.css";
import { useWords } from "./field";
import { anchorOf, useForm } from "./form-context";
import { isWhere, placeOf, triggerOf } from "./places";
import { SchemaForm } from "./schema-form";
import type { Schema } from "./schema";
import { Sentence } from "./sentence";
import { useSummary } from "./summary";

export interface EntryCardProps {
  value: Plain;
  path: Path;
  schema: Schema;
  at: number;
  of: number;
  open: boolean;
  off?: SwitchView;
  onOpen: () => void;
  onChange: (value: Plain) => void;
  onMove: (to: number) => void;
  onCopy: () => void;
  onRemove: () => void;
}

/** One entry of a section: what it is called and does, and its form once it is opened. */
export function EntryCard(props: EntryCardProps) {
  const { value, path, schema, open, off, onOpen, onChange } = props;
  const { t } = useLingui();
  const words = useWords();
  const summary = useSummary();
  const form = useForm();
  const name = nameOf(value);
  const when = [...path, "when"];
  const place = placeOf(form.document, when);
  const wrong = form.problems.filter((each) => path.every((part, at) => each.path[at] === part)).length;
  return (
    <article className={classes.card} id={anchorOf(path)} tabIndex={-1} aria-label={name}>
      <div className={classes.head}>
        <div className={classes.words}>
          <Group gap={6}>
            <strong>
              <bdi>{name}</bdi>
            </strong>
            {typeof value.type === "string" && <Badge>{words.value(value.type)}</Badge>}
            {off !== undefined && (
              <Badge tone="bad">
                <Trans>Off</Trans>
              </Badge>
            )}
            {wrong > 0 && (
              <Badge tone="bad">
                <Trans>Has a problem</Trans>
              </Badge>
            )}
          </Group>
          <Text size="sm" c="dimmed">
            {summary({ value, schema, path })}
          </Text>
          {!open && isRecord(value.when) && isWhere(place) && <Sentence condition={value.when} where={place} trigger={triggerOf(form.document, when)} brief />}
        </div>
        <Group gap={4} wrap="nowrap">
          <Button size="xs" variant="default" aria-expanded={open} onClick={onOpen} aria-label={open ? t`Close: ${name}` : form.readOnly ? t`Look: ${name}` : t`Change: ${name}`}>
            {open ? <Trans>Close</Trans> : form.readOnly ? <Trans>Look</Trans> : <Trans>Change</Trans>}
          </Button>
          {!form.readOnly && <Deeds name={name} {...props} />}
        </Group>
      </div>
      {open && (
        <div className={classes.form}>
          <SchemaForm schema={schema} value={value} path={path} onChange={onChange} />
        </div>
      )}
    </article>
  );
}

function Deeds({ name, at, of, onMove, onCopy, onRemove }: EntryCardProps & { name: string }) {
  const { t } = useLingui();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="md" aria-label={t`More for ${name}`}>
          <IconChevronDown size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconArrowUp size={16} aria-hidden />} disabled={at === 0} onClick={() => { onMove(at - 1); }}>
          <Trans>Move up</Trans>
        </Menu.Item>
        <Menu.Item leftSection={<IconArrowDown size={16} aria-hidden />} disabled={at === of - 1} onClick={() => { onMove(at + 1); }}>
          <Trans>Move down</Trans>
        </Menu.Item>
        <Menu.Item leftSection={<IconCopy size={16} aria-hidden />} onClick={onCopy}>
          <Trans>Duplicate</Trans>
        </Menu.Item>
        <Menu.Item leftSection={<IconTrash size={16} aria-hidden />} color="red.8" onClick={onRemove}>
          <Trans>Remove</Trans>
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function nameOf(value: Plain): string {
  for (const each of [value.name, value.id]) if (typeof each === "string" && each !== "") return each;
  return "–";
}
