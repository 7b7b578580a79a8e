import { Plural, Trans, useLingui } from "@lingui/react/macro";
import type { CaseOutcome } from "@perennial/api-admin";
import { programCasesMutation } from "@perennial/api-admin/queries";
import { Badge, Button, EmptyState, Group, Stack, tellFailed, Text, TextInput } from "@perennial/ui";
import { IconListCheck, IconPlus } from "@perennial/ui/icons";
import { useMutation } from "@tanstack/react-query";

import { useFormat } from "../i18n/format";
import { isRecord } from "../program/records";
import { useNow } from "../session/clock";
import { freeId } from "../shell/ids";
import { toldBy } from "../shell/problem";
import { CaseForm } from "./case-form";
import { type CasePlan, planOf, stepsOf } from "./case-plan";
import { useCaseWords } from "./case-words";
import type { Plain } from "./conditions";
import { insertAt, removeAt, setAt } from "./document";
import classes from "./editor.module.css";
import { anchorOf, idsOf, useForm } from "./form-context";
import { AnyText } from "./text-part";

export interface CasesProps {
  program: string;
  text: string;
  entries: readonly unknown[];
  opened: string | undefined;
  onOpened: (place: string | undefined) => void;
  onText: (text: string) => void;
}

/** The test cases of a program: sentences that must hold for it to be published, played when somebody asks. */
export default function Cases({ program, text, entries, opened, onOpened, onText }: CasesProps) {
  const { t } = useLingui();
  const form = useForm();
  const { readOnly } = form;
  const now = useNow();
  const words = useCaseWords();
  const play = useMutation({
    ...programCasesMutation(),
    onError: (error) => {
      tellFailed(t`The cases could not be played`, toldBy(error).words);
    },
  });
  // What was played is what was written then: after a change nobody knows.
  const told = play.variables?.body.document === text ? play.data : undefined;
  const taken = entries.flatMap((each) => (isRecord(each) && typeof each.id === "string" ? [{ id: each.id }] : []));
  const add = () => {
    const plan: CasePlan = { day: (now ?? new Date()).toISOString().slice(0, 10), time: "12:00", holds: {}, deed: { kind: "buys", lines: [{ sku: "article", amount: 8_000 }] }, expect: {} };
    const entry = { id: freeId("case", taken), title: words(plan), steps: stepsOf(plan, idsOf(form, "wallet")) };
    onText(insertAt(text, ["cases"], entries.length, entry));
    onOpened(String(entries.length));
  };
  return (
    <>
      {entries.length === 0 && (
        <EmptyState icon={<IconListCheck size={26} />} title={t`None yet`}>
          <Trans>Write down what must always be so, and no change can break it unseen.</Trans>
        </EmptyState>
      )}
      {entries.length > 0 && (
        <Group gap="sm">
          <Button variant="default" disabled={readOnly} loading={play.isPending} onClick={() => { play.mutate({ path: { id: program }, body: { document: text } }); }}>
            <Trans>Play the cases</Trans>
          </Button>
          <Text size="sm" aria-live="polite">
            {told !== undefined &&
              (told.passed ? <Trans>All of them hold.</Trans> : <Plural value={told.cases.filter(({ passed }) => !passed).length} one="# does not hold." other="# do not hold." />)}
          </Text>
        </Group>
      )}
      {entries.map((entry, place) =>
        isRecord(entry) ? (
          <CaseCard
            key={`cases/${String(place)}`}
            value={entry}
            place={place}
            open={opened === String(place)}
            outcome={told?.cases[place]}
            onOpen={() => { onOpened(opened === String(place) ? undefined : String(place)); }}
            onChange={(next) => { onText(setAt(text, ["cases", place], next)); }}
            onRemove={() => {
              onText(removeAt(text, ["cases", place]));
              onOpened(undefined);
            }}
          />
        ) : null,
      )}
      {!readOnly && (
        <Group>
          <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={add}>
            <Trans>Add a case</Trans>
          </Button>
        </Group>
      )}
    </>
  );
}

interface CaseCardProps {
  value: Plain;
  place: number;
  open: boolean;
  outcome: CaseOutcome | undefined;
  onOpen: () => void;
  onChange: (value: Plain) => void;
  onRemove: () => void;
}

function CaseCard({ value, place, open, outcome, onOpen, onChange, onRemove }: CaseCardProps) {
  const { t } = useLingui();
  const format = useFormat();
  const form = useForm();
  const { readOnly, problems } = form;
  const words = useCaseWords();
  const wallets = idsOf(form, "wallet");
  const plan = value.segments === undefined ? planOf(value.steps, wallets) : undefined;
  const title = typeof value.title === "string" && value.title !== "" ? value.title : String(value.id);
  const said = plan === undefined ? undefined : words(plan);
  const wrong = problems.some(({ path }) => path[0] === "cases" && path[1] === place);
  const steps = Array.isArray(value.steps) ? value.steps.length : 0;
  return (
    <article className={classes.card} id={anchorOf(["cases", place])} tabIndex={-1} aria-label={title}>
      <div className={classes.head}>
        <div className={classes.words}>
          <Group gap={6}>
            <strong>
              <bdi>{title}</bdi>
            </strong>
            {outcome !== undefined && <Badge tone={outcome.passed ? "good" : "bad"}>{outcome.passed ? t`Holds` : t`Does not hold`}</Badge>}
            {wrong && (
              <Badge tone="bad">
                <Trans>Has a problem</Trans>
              </Badge>
            )}
          </Group>
          {said !== title && (
            <Text size="sm" c="dimmed">
              {said ?? <Plural value={steps} one="# step, written as text" other="# steps, written as text" />}
            </Text>
          )}
        </div>
        <Group gap={4} wrap="nowrap">
          <Button size="xs" variant="default" aria-expanded={open} onClick={onOpen} aria-label={open ? t`Close: ${title}` : readOnly ? t`Look: ${title}` : t`Change: ${title}`}>
            {open ? <Trans>Close</Trans> : readOnly ? <Trans>Look</Trans> : <Trans>Change</Trans>}
          </Button>
          {!readOnly && (
            <Button size="xs" variant="subtle" color="gray" aria-label={t`Remove: ${title}`} onClick={onRemove}>
              <Trans>Remove</Trans>
            </Button>
          )}
        </Group>
      </div>
      {outcome !== undefined && !outcome.passed && (
        <ul className={classes.misses}>
          {outcome.misses?.map((miss) => {
            const step = format.number(miss.step);
            return (
              <li key={`${step}/${miss.words}`}>
                {miss.step > 0 && steps > 1 && <Trans>Step {step}:</Trans>} <bdi>{miss.words}</bdi>
              </li>
            );
          })}
        </ul>
      )}
      {open && (
        <div className={classes.form}>
          <Stack gap="md">
            <TextInput label={t`What is tested`} dir="auto" disabled={readOnly} maxLength={200} value={title} onChange={(event) => { onChange({ ...value, title: event.currentTarget.value }); }} />
            {plan === undefined ? (
              <>
                <Text size="sm" c="dimmed">
                  <Trans>This case says more than the form can show. Here it is as it is written.</Trans>
                </Text>
                <AnyText label={t`Steps of the case`} disabled={readOnly} value={value.steps} fits={Array.isArray} unfit={t`These are no steps yet`} onChange={(next) => { onChange({ ...value, steps: next }); }} />
              </>
            ) : (
              <CaseForm
                plan={plan}
                onChange={(next) => {
                  // Who has not written a title of their own sees what the case says now.
                  const own = title !== said;
                  onChange({ ...value, ...(own ? {} : titled(words(next))), steps: stepsOf(next, wallets) });
                }}
              />
            )}
          </Stack>
        </div>
      )}
    </article>
  );
}

function titled(title: string): Plain {
  return { title: title.slice(0, 200) };
}
