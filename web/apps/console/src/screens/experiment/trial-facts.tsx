import { useLingui } from "@lingui/react/macro";
import type { TrialResults } from "@perennial/api-admin";
import { Badge, type Fact, Facts, Panel } from "@perennial/ui";

import { useFormat } from "../../i18n/format";
import { useZones } from "../../program/use-zones";
import { KINDS, OUTCOMES, STATES } from "../experiments/trial-words";
import { EndButton } from "./end-button";

/** Where an experiment stands, and what ends it. */
export function TrialFacts({ results }: { results: TrialResults }) {
  const { t } = useLingui();
  return (
    <Panel title={t`Where it stands`} actions={<EndButton results={results} />}>
      <Facts facts={useFacts(results)} />
    </Panel>
  );
}

function useFacts({ trial, until }: TrialResults): Fact[] {
  const { t } = useLingui();
  const format = useFormat();
  const zone = useZones()(trial.program);
  const { label, tone } = STATES[trial.state];
  const day = (instant: string | null, none: string) => (instant === null ? none : format.date(instant, zone));
  return [
    { label: t`State`, value: <Badge tone={tone}>{t(label)}</Badge> },
    { label: t`Kind`, value: t(KINDS[trial.kind]) },
    ...(trial.kind === "holdout" ? [{ label: t`Held back`, value: trial.campaign === null ? t`the whole program` : <bdi>{trial.campaign}</bdi> }] : []),
    { label: t`Judged by`, value: t(OUTCOMES[trial.outcome]) },
    { label: t`Starts`, value: day(trial.starts_at, t`with its publication`) },
    { label: t`Ends`, value: day(trial.ends_at, t`when somebody ends it`) },
    { label: t`First customer`, value: day(trial.first_exposed_at, t`nobody yet`) },
    { label: t`Counted until`, value: format.moment(until, zone) },
  ];
}
