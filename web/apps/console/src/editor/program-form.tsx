import { useLingui } from "@lingui/react/macro";
import type { Problem as Told, SwitchView } from "@perennial/api-admin";
import { NavLink, Select, useMediaQuery } from "@perennial/ui";
import { useEffect, useMemo, useState } from "react";

import { isRecord } from "../program/records";
import { Asking } from "./asking";
import type { Plain } from "./conditions";
import { at, type Path, valueOf, wayTo } from "./document";
import classes from "./editor.module.css";
import { WEEKDAYS } from "./field";
import { anchorOf, type Form, FormContext, type Named } from "./form-context";
import { SectionEditor } from "./section-editor";
import { sectionAt, SECTIONS } from "./sections";
import { Unreadable } from "./unreadable";

export interface ProgramFormProps {
  program: string;
  text: string;
  problems: readonly Told[];
  off: readonly SwitchView[];
  readOnly: boolean;
  /** The section that is shown before another one is chosen, and again when a link names another one. */
  wanted?: string;
  /** The place that somebody wants to see: another object each time that it is wanted. */
  jump?: { path: string };
  onText: (text: string) => void;
}

const NOTHING: Plain = {};

/** The draft as forms. The text is the one truth: a form changes what differs in it and nothing else. */
export default function ProgramForm({ program, text, problems, off, readOnly, wanted, jump, onText }: ProgramFormProps) {
  const { t, i18n } = useLingui();
  const read = useMemo(() => valueOf(text), [text]);
  const document = read ?? NOTHING;
  const [chosen, setChosen] = useState(wanted ?? "rules");
  const [opened, setOpened] = useState<string>();
  const [led, setLed] = useState(wanted);
  const [seen, setSeen] = useState<ProgramFormProps["jump"]>();
  const [target, setTarget] = useState<Path>();
  const narrow = useMediaQuery("(max-width: 48em)") === true;
  if (wanted !== led) {
    setLed(wanted);
    if (wanted !== undefined) setChosen(wanted);
    setOpened(undefined);
  }
  if (jump !== undefined && jump !== seen) {
    setSeen(jump);
    const way = wayTo(document, jump.path);
    setTarget(way);
    const section = sectionAt(way);
    setChosen(section?.id ?? "program");
    const place = section === undefined ? undefined : way[section.path.length];
    setOpened(section?.list === true && place !== undefined ? String(place) : undefined);
  }
  useEffect(() => {
    for (let length = target?.length ?? 0; length > 0; length -= 1) {
      const field = window.document.getElementById(anchorOf(target?.slice(0, length) ?? []));
      if (field === null) continue;
      field.scrollIntoView({ block: "center" });
      field.focus();
      return;
    }
  }, [target]);
  const form = useMemo<Form>(() => formOf(document, problems, readOnly), [document, problems, readOnly]);
  const section = SECTIONS.find(({ id }) => id === chosen) ?? SECTIONS[0];
  const counts = SECTIONS.map((each) => {
    const value = at(document, each.path);
    return each.list && Array.isArray(value) ? value.length : undefined;
  });
  const choose = (id: string | null) => {
    if (id === null) return;
    setChosen(id);
    setOpened(undefined);
  };
  if (read === undefined) return <Unreadable />;
  if (section === undefined) return null;
  return (
    <Asking program={program} currency={form.currency}>
      <FormContext value={form}>
        <div className={classes.layout}>
          {narrow ? (
            <Select label={t`Section`} allowDeselect={false} value={chosen} onChange={choose} data={SECTIONS.map(({ id, label }) => ({ value: id, label: t(label) }))} />
          ) : (
            <nav className={classes.nav} aria-label={t`Sections of the program`}>
              {SECTIONS.map(({ id, label }, place) => (
                <NavLink
                  key={id}
                  component="button"
                  type="button"
                  active={id === chosen}
                  aria-current={id === chosen}
                  label={t(label)}
                  rightSection={counts[place] === undefined ? undefined : <span className={classes.count}>{i18n.number(counts[place])}</span>}
                  onClick={() => { choose(id); }}
                />
              ))}
            </nav>
          )}
          <SectionEditor program={program} section={section} text={text} document={document} off={off} opened={opened} onOpened={setOpened} onText={onText} />
        </div>
      </FormContext>
    </Asking>
  );
}

/** What the fields of a form need to know of the document that they are in. */
export function formOf(document: Plain, problems: readonly Told[], readOnly: boolean): Form {
  const parts = (...path: Path): Plain[] => {
    const list = at(document, path);
    return Array.isArray(list) ? list.filter(isRecord) : [];
  };
  const named = (...path: Path): Named[] =>
    parts(...path).flatMap(({ id, name }) => (typeof id === "string" ? [{ value: id, label: typeof name === "string" && name !== "" ? name : id }] : []));
  // Campaigns have rules, rewards and messages of their own.
  const everywhere = (list: string) => [...named(list), ...parts("campaigns").flatMap((_, place) => named("campaigns", place, list))];
  const plain = (names: readonly string[]): Named[] => names.map((name) => ({ value: name, label: name }));
  const events = Object.keys((at(document, ["declarations", "events"]) ?? {}) as object);
  return {
    document,
    currency: typeof document.currency === "string" && /^[A-Z]{3}$/.test(document.currency) ? document.currency : "USD",
    zone: typeof document.time_zone === "string" ? document.time_zone : "UTC",
    readOnly,
    problems: problems.map(({ path, words }) => ({ path: wayTo(document, path), words })),
    names: {
      wallet: named("wallets"),
      tiers: named("tiers", "levels"),
      by_tier: named("tiers", "levels"),
      reach: named("tiers", "metrics"),
      keep: named("tiers", "metrics"),
      rules: everywhere("earning_rules"),
      reward: everywhere("rewards"),
      rewards: everywhere("rewards"),
      messages: everywhere("messages"),
      campaign: named("campaigns"),
      campaigns: named("campaigns"),
      category: named("stacking", "categories"),
      shared_limits: named("limits"),
      trigger: plain([...new Set([...TRIGGERS, ...events])]),
      "Goal.event": plain(events),
      "TierMetric.event": plain(events),
      "Conversion.event": plain(events),
      currency: plain(Intl.supportedValuesOf("currency")),
      time_zone: plain(["UTC", ...Intl.supportedValuesOf("timeZone")]),
      week_starts: plain(WEEKDAYS),
    },
  };
}

const TRIGGERS = ["order.paid", "member.joined", "member.birthday", "member.anniversary", "tier.entered", "challenge.completed", "referral.converted", "segment.entered", "segment.left"];
