import { Trans, useLingui } from "@lingui/react/macro";
import type { ComparisonView, EffectView, Outcome, TrialResults } from "@perennial/api-admin";
import { Intervals, type Interval, Panel, Stack, Text } from "@perennial/ui";

import { OUTCOMES, useVariantName } from "../experiments/trial-words";
import { useOutcomeFormat } from "./outcome-format";
import { Verdict } from "./verdict";

const ORDER: readonly Outcome[] = ["revenue", "margin", "orders", "retention", "points", "profit"];

/** What each variant brings beside the control: the verdict, and its interval as a drawing. */
export function Effects({ results }: { results: TrialResults }) {
  const { t } = useLingui();
  const nameOf = useVariantName();
  const { trial, comparisons } = results;
  const control = nameOf(trial, trial.variants[0]?.id ?? "");
  return (
    <>
      <Panel title={t`What it brings`} hint={t`Look as often as you like: the verdict stays valid over all looks together.`}>
        <Stack gap="lg">
          {comparisons.map((comparison) => (
            <Verdict key={comparison.variant} results={results} comparison={comparison} />
          ))}
          <OfOutcome results={results} outcome={trial.outcome} control={control} />
        </Stack>
      </Panel>
      <Panel
        title={t`The other outcomes`}
        hint={t`Each has an interval of its own. They are here to look at: do not pick the best of them afterwards.`}
      >
        <Stack gap="lg">
          {ORDER.filter((outcome) => outcome !== trial.outcome && comparisons.some(({ outcomes }) => outcomes[outcome] !== undefined)).map((outcome) => (
            <OfOutcome key={outcome} results={results} outcome={outcome} control={control} />
          ))}
          {comparisons.every(({ outcomes }) => Object.keys(outcomes).length === 0) && (
            <Text c="dimmed" size="sm">
              <Trans>Nobody has met both sides of a comparison yet.</Trans>
            </Text>
          )}
        </Stack>
      </Panel>
    </>
  );
}

function OfOutcome({ results, outcome, control }: { results: TrialResults; outcome: Outcome; control: string }) {
  const { t } = useLingui();
  const nameOf = useVariantName();
  const format = useOutcomeFormat(results)(outcome);
  const known = results.comparisons.flatMap(({ variant, outcomes }: ComparisonView) => {
    const effect = outcomes[outcome];
    return effect === undefined || effect.call === "unknown" ? [] : [{ variant, effect }];
  });
  if (known.length === 0) return null;
  const rows = known.map(({ variant, effect }): Interval => ({ name: nameOf(results.trial, variant), note: format.average(effect.variant), ...drawn(effect) }));
  const what = t(OUTCOMES[outcome]);
  const [first] = known;
  return (
    <Intervals
      label={t`${what}: difference from “${control}” for each customer`}
      head={what}
      rows={rows}
      zero={control}
      zeroNote={first === undefined ? "" : format.average(first.effect.control)}
      heads={{ average: t`For each customer`, effect: t`Difference`, range: t`It lies between` }}
      format={format.difference}
      unknown={t`too early`}
    />
  );
}

function drawn({ effect, low, high, call }: EffectView): Omit<Interval, "name" | "note"> {
  return { value: effect, low, high, tone: call === "more" ? "good" : call === "less" ? "bad" : "plain" };
}
