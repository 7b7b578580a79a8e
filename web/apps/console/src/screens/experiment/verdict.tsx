import { Plural, Trans, useLingui } from "@lingui/react/macro";
import type { Call, ComparisonView, TrialResults } from "@perennial/api-admin";
import { Badge, Stack, Text, type Tone } from "@perennial/ui";
import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";

import { useFormat } from "../../i18n/format";
import { OUTCOMES, useVariantName } from "../experiments/trial-words";
import { useOutcomeFormat } from "./outcome-format";

/** Before a variant has so many customers and orders, nothing is called. */
const START = 100;

const CALLS: Record<Call, { label: MessageDescriptor; tone: Tone }> = {
  too_early: { label: msg`Too early to tell`, tone: "info" },
  undecided: { label: msg`No difference yet`, tone: "plain" },
  more: { label: msg`Brings more`, tone: "good" },
  less: { label: msg`Brings less`, tone: "bad" },
  unknown: { label: msg`Nothing to go by`, tone: "warn" },
  uneven: { label: msg`Not to be believed`, tone: "bad" },
};

interface VerdictProps {
  results: TrialResults;
  comparison: ComparisonView;
}

/** What can be told of a variant beside the control, in a word and in a sentence. */
export function Verdict({ results, comparison }: VerdictProps) {
  const { t } = useLingui();
  const format = useFormat();
  const { label, tone } = CALLS[comparison.verdict];
  const reduced = comparison.outcomes[results.trial.outcome]?.variance_reduced ?? 0;
  return (
    <Stack gap={6}>
      <div>
        <Badge tone={tone}>{t(label)}</Badge>
      </div>
      <Text fw={600}>
        <Sentence results={results} comparison={comparison} />
      </Text>
      {comparison.customers_needed !== null && (
        <Text size="sm" c="dimmed">
          <Plural
            value={comparison.customers_needed}
            one="About # customer would tell the present difference."
            other="About # customers would tell the present difference."
          />
        </Text>
      )}
      <Text size="sm" c="dimmed">
        {reduced > 0 ? (
          <Trans>
            What customers did in the {format.number(results.past_days)} days before takes {format.percent(reduced / 100)} of the noise away.
          </Trans>
        ) : (
          <Trans>What customers did before is of no help here: nothing of the noise is taken away.</Trans>
        )}
      </Text>
    </Stack>
  );
}

function Sentence({ results, comparison }: VerdictProps) {
  const { t } = useLingui();
  const nameOf = useVariantName();
  const { trial } = results;
  const format = useOutcomeFormat(results)(trial.outcome);
  const what = t(OUTCOMES[trial.outcome]);
  const ours = nameOf(trial, comparison.variant);
  const theirs = nameOf(trial, trial.variants[0]?.id ?? "");
  const { low, high } = comparison.outcomes[trial.outcome] ?? { low: null, high: null };
  const [from, to] = [low, high].map((end) => (end === null ? "–" : format.difference(end)));
  const ends = [low, high].map((end) => Math.abs(end ?? 0)).sort((one, other) => one - other);
  const [least, most] = ends.map((end) => format.average(end));
  const start = useFormat().number(START);
  switch (comparison.verdict) {
    case "uneven":
      return <Trans>The customers are not split as the shares say: look for the fault, and believe no result.</Trans>;
    case "unknown":
      return <Trans>{what}: nothing can be told, because no order says what all of its lines cost.</Trans>;
    case "too_early":
      return (
        <Trans>
          It is too early to tell anything: “{ours}” and “{theirs}” need {start} customers and {start} orders each.
        </Trans>
      );
    case "undecided":
      return (
        <Trans>
          {what}: no difference can be told yet. “{ours}” differs from “{theirs}” by {from} to {to} for each customer.
        </Trans>
      );
    case "more":
      return (
        <Trans>
          {what}: “{ours}” brings more than “{theirs}”, by {least} to {most} for each customer.
        </Trans>
      );
    case "less":
      return (
        <Trans>
          {what}: “{ours}” brings less than “{theirs}”, by {least} to {most} for each customer.
        </Trans>
      );
  }
}
