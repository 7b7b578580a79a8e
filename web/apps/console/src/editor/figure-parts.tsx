import type { MessageDescriptor } from "@lingui/core";
import { Trans, useLingui } from "@lingui/react/macro";
import { Button, Select, TextInput } from "@perennial/ui";
import type { ComponentType } from "react";

import { Compared, type PartProps } from "./comparison";
import classes from "./condition.module.css";
import { LINE_WORDS, MEASURE_WORDS, PERIOD_WORDS, UNIT_WORDS, WINDOW_WORDS } from "./condition-words";
import { isPlain, LINE_MEASURES, MEASURES, type Plain, plainOf, QUANTIFIERS, sumsMoney, type Window, windowOf, without } from "./conditions";
import { Whole } from "./operand";

interface Nested extends PartProps {
  builder: ComponentType<PartProps>;
}

const FILTER = { fact: "line.categories", contains: "" };
const PERIODS = ["day", "week", "month", "quarter", "year"];

/** Lines of the order: which, or how many, and which of them count. */
export function LinesPart({ node, trigger, onChange, builder }: Nested) {
  const { t } = useLingui();
  const name = String(node.lines);
  return (
    <div className={classes.group}>
      <div className={classes.part}>
        <Select
          aria-label={t`Which lines`}
          size="sm"
          w="15rem"
          allowDeselect={false}
          data={QUANTIFIERS.map((value) => ({ value, label: words(t, LINE_WORDS, value) }))}
          value={name}
          onChange={(chosen) => {
            if (chosen !== null && chosen !== name) onChange(measured(node, chosen));
          }}
        />
        {LINE_MEASURES.includes(name) && <Compared node={node} type="integer" money={sumsMoney(node)} operators={[]} onChange={onChange} />}
      </div>
      <Filter node={node} trigger={trigger} needed={!LINE_MEASURES.includes(name)} onChange={onChange} builder={builder} />
    </div>
  );
}

function measured(node: Plain, lines: string): Plain {
  const where = isPlain(node.where) ? { where: node.where } : {};
  if (!LINE_MEASURES.includes(lines)) return { lines, where: FILTER, ...where };
  return LINE_MEASURES.includes(String(node.lines)) ? { ...node, lines } : { lines, ...where, at_least: 1 };
}

/** A figure of the past, over which time, and what of it counts. */
export function HistoryPart({ node, trigger, onChange, builder }: Nested) {
  const { t } = useLingui();
  const name = String(node.history);
  return (
    <div className={classes.group}>
      <div className={classes.part}>
        <Select
          aria-label={t`What is counted`}
          size="sm"
          w="15rem"
          allowDeselect={false}
          data={MEASURES.map((value) => ({ value, label: words(t, MEASURE_WORDS, value) }))}
          value={name}
          onChange={(chosen) => {
            if (chosen !== null) onChange({ ...node, history: chosen });
          }}
        />
        {name.startsWith("events.") && <Name node={node} field="event" label={t`Event`} onChange={onChange} />}
        {name === "events.sum" && <Name node={node} field="attribute" label={t`Attribute`} onChange={onChange} />}
        <WindowPart
          window={windowOf(node.window) ?? { kind: "ever" }}
          onChange={(window) => {
            const rest = without(node, "window");
            const plain = plainOf(window);
            onChange(plain === undefined ? rest : { ...rest, window: plain });
          }}
        />
        <Compared node={node} type="integer" money={sumsMoney(node)} operators={[]} onChange={onChange} />
      </div>
      <Filter node={node} trigger={trigger} needed={false} onChange={onChange} builder={builder} />
    </div>
  );
}

function Name({ node, field, label, onChange }: { node: Plain; field: string; label: string; onChange: (node: Plain) => void }) {
  const value = node[field];
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      size="sm"
      w="10rem"
      dir="ltr"
      value={typeof value === "string" ? value : ""}
      onChange={(event) => {
        const { value: next } = event.currentTarget;
        const rest = without(node, field);
        onChange(next === "" ? rest : { ...rest, [field]: next });
      }}
    />
  );
}

function WindowPart({ window, onChange }: { window: Window; onChange: (window: Window) => void }) {
  const { t } = useLingui();
  const kind = window.kind === "calendar" && window.offset === -1 ? "before" : window.kind;
  return (
    <>
      <Select
        aria-label={t`Over which time`}
        size="sm"
        w="13rem"
        allowDeselect={false}
        data={Object.keys(WINDOW_WORDS).map((value) => ({ value, label: words(t, WINDOW_WORDS, value) }))}
        value={kind}
        onChange={(chosen) => {
          if (chosen !== null && chosen !== kind) onChange(begin(chosen));
        }}
      />
      {window.kind === "calendar" && (
        <Select
          aria-label={t`Period`}
          size="sm"
          w="8rem"
          allowDeselect={false}
          data={PERIODS.map((value) => ({ value, label: words(t, PERIOD_WORDS, value) }))}
          value={window.period}
          onChange={(period) => {
            if (period !== null) onChange({ ...window, period });
          }}
        />
      )}
      {window.kind === "last" && (
        <>
          <Whole label={t`How many`} digits={0} value={window.length} onChange={(length) => { onChange({ ...window, length }); }} />
          <Select
            aria-label={t`Unit of time`}
            size="sm"
            w="8rem"
            allowDeselect={false}
            data={Object.keys(UNIT_WORDS).map((value) => ({ value, label: words(t, UNIT_WORDS, value) }))}
            value={window.unit}
            onChange={(unit) => {
              if (unit !== null) onChange({ ...window, unit });
            }}
          />
        </>
      )}
    </>
  );
}

function begin(kind: string): Window {
  if (kind === "last") return { kind, unit: "days", length: 30 };
  if (kind === "calendar" || kind === "before") return { kind: "calendar", period: "year", offset: kind === "before" ? -1 : 0 };
  return { kind: kind === "since_joining" ? "since_joining" : "ever" };
}

function Filter({ node, trigger, needed, onChange, builder: Builder }: Omit<Nested, "place"> & { needed: boolean }) {
  const { where } = node;
  if (!isPlain(where)) {
    return (
      <Button size="xs" variant="subtle" onClick={() => { onChange({ ...node, where: FILTER }); }}>
        <Trans>Count only some</Trans>
      </Button>
    );
  }
  return (
    <div className={classes.group}>
      <span className={classes.lead}>
        <Trans>of which</Trans>
      </span>
      <Builder node={where} place="filter" trigger={trigger} onChange={(next) => { onChange({ ...node, where: next }); }} />
      {!needed && (
        <Button
          size="xs"
          variant="subtle"
          color="gray"
          onClick={() => {
            onChange(without(node, "where"));
          }}
        >
          <Trans>Count all</Trans>
        </Button>
      )}
    </div>
  );
}

type Say = (word: MessageDescriptor) => string;

function words(say: Say, table: Record<string, MessageDescriptor>, value: string): string {
  const known = table[value];
  return known === undefined ? value : say(known);
}
