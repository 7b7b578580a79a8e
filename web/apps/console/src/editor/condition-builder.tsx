import { Trans, useLingui } from "@lingui/react/macro";
import { ActionIcon, Button, Group, Menu, Select } from "@perennial/ui";
import { IconArrowDown, IconArrowUp, IconPlus, IconX } from "@perennial/ui/icons";

import { isRecord } from "../program/records";
import { asked, FactPart, type PartProps } from "./comparison";
import classes from "./condition.module.css";
import { partsOf, type Plain, shapeOf } from "./conditions";
import { useAsking } from "./facts";
import { HistoryPart, LinesPart } from "./figure-parts";
import { factsAt, hasLines, hasPast, type Place } from "./places";
import { TextPart } from "./text-part";

/** A condition as a sentence, part by part. What has no words here is shown as its text and stays as it is. */
export function ConditionBuilder({ node, ...rest }: Omit<PartProps, "node"> & { node: unknown }) {
  const shape = shapeOf(node);
  if (shape === "other" || !isRecord(node)) return <TextPart node={node} onChange={rest.onChange} />;
  switch (shape) {
    case "all":
    case "any":
      return <GroupPart node={node} shape={shape} {...rest} />;
    case "not":
      return <NotPart node={node} {...rest} />;
    case "fact":
      return (
        <div className={classes.part}>
          <FactPart node={node} {...rest} />
        </div>
      );
    case "lines":
      return <LinesPart node={node} builder={ConditionBuilder} {...rest} />;
    case "history":
      return <HistoryPart node={node} builder={ConditionBuilder} {...rest} />;
  }
}

function NotPart({ node, onChange, ...rest }: PartProps) {
  const inner = isRecord(node.not) ? node.not : {};
  return (
    <div className={classes.group}>
      <span className={classes.lead}>
        <Trans>It does not hold that</Trans>
      </span>
      <ConditionBuilder
        {...rest}
        node={inner}
        onChange={(next) => {
          onChange({ ...node, not: next });
        }}
      />
    </div>
  );
}

function GroupPart({ node, shape, onChange, place, trigger }: PartProps & { shape: "all" | "any" }) {
  const { t } = useLingui();
  const parts = partsOf(node, shape);
  const put = (next: readonly unknown[]) => {
    onChange({ [shape]: next });
  };
  return (
    <div className={classes.group} role="group" aria-label={shape === "all" ? t`All of these hold` : t`At least one of these holds`}>
      <Select
        aria-label={t`How many must hold`}
        size="sm"
        w="15rem"
        allowDeselect={false}
        data={[
          { value: "all", label: t`All of these hold` },
          { value: "any", label: t`At least one of these holds` },
        ]}
        value={shape}
        onChange={(chosen) => {
          if (chosen !== null && chosen !== shape) onChange({ [chosen]: parts });
        }}
      />
      <ul className={classes.parts}>
        {parts.map((part, at) => (
          <li key={at} className={classes.row}>
            <div className={classes.grow}>
              <ConditionBuilder
                node={part}
                place={place}
                trigger={trigger}
                onChange={(next) => {
                  put(parts.with(at, next));
                }}
              />
            </div>
            <RowButtons
              at={at}
              of={parts.length}
              onMove={(to) => {
                const rest = parts.toSpliced(at, 1);
                put(rest.toSpliced(to, 0, part));
              }}
              onRemove={() => {
                put(parts.toSpliced(at, 1));
              }}
            />
          </li>
        ))}
      </ul>
      <AddPart
        place={place}
        trigger={trigger}
        onAdd={(part) => {
          put([...parts, part]);
        }}
      />
    </div>
  );
}

function RowButtons({ at, of, onMove, onRemove }: { at: number; of: number; onMove: (to: number) => void; onRemove: () => void }) {
  const { t } = useLingui();
  const number = String(at + 1);
  return (
    <Group gap={2} wrap="nowrap" className={classes.buttons}>
      <ActionIcon variant="subtle" color="gray" disabled={at === 0} aria-label={t`Move part ${number} up`} onClick={() => { onMove(at - 1); }}>
        <IconArrowUp size={16} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" disabled={at === of - 1} aria-label={t`Move part ${number} down`} onClick={() => { onMove(at + 1); }}>
        <IconArrowDown size={16} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" aria-label={t`Remove part ${number}`} onClick={onRemove}>
        <IconX size={16} aria-hidden />
      </ActionIcon>
    </Group>
  );
}

/** What a new part may be. */
export function AddPart({ place, trigger, onAdd }: { place: Place; trigger: string; onAdd: (part: Plain) => void }) {
  const { facts } = useAsking();
  const [first] = factsAt(facts, place, trigger);
  const fact = first === undefined ? { fact: "member.joined", is: true } : asked(first);
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button size="xs" variant="default" leftSection={<IconPlus size={14} aria-hidden />}>
          <Trans>Add a part</Trans>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => { onAdd(fact); }}>
          <Trans>A comparison</Trans>
        </Menu.Item>
        {hasLines(place, trigger) && (
          <Menu.Item onClick={() => { onAdd({ lines: "any", where: { fact: "line.categories", contains: "" } }); }}>
            <Trans>Lines of the order</Trans>
          </Menu.Item>
        )}
        {hasPast(place) && (
          <Menu.Item onClick={() => { onAdd({ history: "orders.count", window: { last: { days: 365 } }, at_least: 1 }); }}>
            <Trans>Something of the past</Trans>
          </Menu.Item>
        )}
        <Menu.Item onClick={() => { onAdd({ all: [fact] }); }}>
          <Trans>A group: all hold</Trans>
        </Menu.Item>
        <Menu.Item onClick={() => { onAdd({ any: [fact] }); }}>
          <Trans>A group: one holds</Trans>
        </Menu.Item>
        <Menu.Item onClick={() => { onAdd({ not: fact }); }}>
          <Trans>Something that does not hold</Trans>
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
