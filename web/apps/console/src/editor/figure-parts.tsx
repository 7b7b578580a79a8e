import { Trans, useLingui } from "@lingui/react/macro";
import { Button, Select, TextInput } from "@perennial/ui";
import type { ComponentType } from "react";

import { useSaid } from "../i18n/said";
import { MEASURE_WORDS } from "../program/measures";
import { isRecord } from "../program/records";
import { asked, Compared, type PartProps } from "./comparison";
import classes from "./condition.module.css";
import { LINE_WORDS, PERIOD_WORDS, UNIT_WORDS, WINDOW_WORDS } from "./condition-words";
import { LINE_MEASURES, looksAt, type Measure, measuredBy, MEASURES, PERIODS, type Plain, plainOf, QUANTIFIERS, sumsMoney, type Window, windowOf, without } from "./conditions";
import { useAsking } from "./facts";
import { factsAt, isWhere, type Place } from "./places";
import { Whole } from "./whole";

interface Nested extends PartProps {
  builder: ComponentType<PartProps>;
}

const FILTER = { fact: "line.categories", contains: "" };

/** Lines of the order: which, or how many, and which of them count. */
export function LinesPart({ node, place, trigger, onChange, builder }: Nested) {
  const { t } = useLingui();
  const said = useSaid();
  const name = String(node.lines);
  return (
    <div className={classes.group}>
      <div className={classes.part}>
        <Select
          aria-label={t`Which lines`}
          size="sm"
          w="15rem"
          allowDeselect={false}
          data={QUANTIFIERS.map((value) => ({ value, label: said(LINE_WORDS, value) }))}
          value={name}
          onChange={(chosen) => {
            if (chosen !== null && chosen !== name) onChange(measured(node, chosen));
          }}
        />
        {LINE_MEASURES.includes(name) && <Compared node={node} type="integer" money={sumsMoney(node)} operators={[]} onChange={onChange} />}
      </div>
      <Filter node={node} place={isWhere(place) ? "filter" : "lines.net"} trigger={trigger} needed={!LINE_MEASURES.includes(name)} onChange={onChange} builder={builder} />
    </div>
  );
}

function measured(node: Plain, lines: string): Plain {
  const where = isRecord(node.where) ? { where: node.where } : {};
  if (!LINE_MEASURES.includes(lines)) return { lines, where: FILTER, ...where };
  return LINE_MEASURES.includes(String(node.lines)) ? { ...node, lines } : { lines, ...where, at_least: 1 };
}

/** A figure of the past, over which time, and what of it counts. */
export function HistoryPart({ node, trigger, onChange, builder }: Nested) {
  const { t } = useLingui();
  const said = useSaid();
  const { facts } = useAsking();
  const wallets = [...new Set(facts.flatMap(({ source, name: fact }) => (source === "wallet" ? [fact.split(".")[1] ?? ""] : [])))];
  const name = String(node.history);
  // What the measure does not look at is shown where it is written, so that it can be taken out.
  const has = (field: string) => looksAt(name, field) || node[field] !== undefined;
  const event = typeof node.event === "string" ? node.event : trigger;
  return (
    <div className={classes.group}>
      <div className={classes.part}>
        <Select
          aria-label={t`What is counted`}
          size="sm"
          w="15rem"
          allowDeselect={false}
          data={MEASURES.map((value) => ({ value, label: said(MEASURE_WORDS, value) }))}
          value={name}
          onChange={(chosen) => {
            const measure = MEASURES.find((each) => each === chosen);
            if (measure !== undefined && measure !== name) onChange(measuredBy(node, measure));
          }}
        />
        {has("event") && <Name node={node} field="event" label={t`Event`} onChange={onChange} />}
        {has("attribute") && <Name node={node} field="attribute" label={t`Attribute`} onChange={onChange} />}
        {has("wallet") && <Name node={node} field="wallet" label={t`Wallet`} choices={wallets} onChange={onChange} />}
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
      {has("where") && <Filter node={node} place={name as Measure} trigger={event} needed={false} onChange={onChange} builder={builder} />}
    </div>
  );
}

function Name({ node, field, label, choices = [], onChange }: { node: Plain; field: string; label: string; choices?: readonly string[]; onChange: (node: Plain) => void }) {
  const value = node[field];
  const put = (next: string) => {
    const rest = without(node, field);
    onChange(next === "" ? rest : { ...rest, [field]: next });
  };
  if (choices.length > 0) {
    const all = typeof value === "string" && !choices.includes(value) ? [...choices, value] : choices;
    return <Select aria-label={label} placeholder={label} size="sm" w="10rem" clearable data={all} value={typeof value === "string" ? value : null} onChange={(next) => { put(next ?? ""); }} />;
  }
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      size="sm"
      w="10rem"
      dir="ltr"
      value={typeof value === "string" ? value : ""}
      onChange={(event) => {
        put(event.currentTarget.value);
      }}
    />
  );
}

export function WindowPart({ window, onChange }: { window: Window; onChange: (window: Window) => void }) {
  const { t } = useLingui();
  const said = useSaid();
  const kind = window.kind === "calendar" && window.offset === -1 ? "before" : window.kind;
  return (
    <>
      <Select
        aria-label={t`Over which time`}
        size="sm"
        w="13rem"
        allowDeselect={false}
        data={Object.keys(WINDOW_WORDS).map((value) => ({ value, label: said(WINDOW_WORDS, value) }))}
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
          data={PERIODS.map((value) => ({ value, label: said(PERIOD_WORDS, value) }))}
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
            data={Object.keys(UNIT_WORDS).map((value) => ({ value, label: said(UNIT_WORDS, value) }))}
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

/** What a filter asks first. */
function useFilter(place: Place, trigger: string): Plain | undefined {
  const { facts } = useAsking();
  if (place === "filter" || place.startsWith("lines.")) return FILTER;
  const [first] = factsAt(facts, place, trigger);
  return first === undefined ? undefined : asked(first);
}

function Filter({ node, place, trigger, needed, onChange, builder: Builder }: Nested & { needed: boolean }) {
  const { where } = node;
  const begun = useFilter(place, trigger);
  if (!isRecord(where)) {
    if (begun === undefined) return null;
    return (
      <Button size="xs" variant="subtle" onClick={() => { onChange({ ...node, where: begun }); }}>
        <Trans>Count only some</Trans>
      </Button>
    );
  }
  return (
    <div className={classes.group}>
      <span className={classes.lead}>
        <Trans>of which</Trans>
      </span>
      <Builder node={where} place={place} trigger={trigger} onChange={(next) => { onChange({ ...node, where: next }); }} />
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
