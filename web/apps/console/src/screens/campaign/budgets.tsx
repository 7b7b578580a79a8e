import { Trans, useLingui } from "@lingui/react/macro";
import type { BudgetView } from "@perennial/api-admin";
import { Panel, Progress, Stack, Text } from "@perennial/ui";

import { type Format, useFormat } from "../../i18n/format";

const NEARLY = 0.9;

/** The limits of a campaign and of its parts: used, left, and gone when. */
export function Budgets({ budgets }: { budgets: readonly BudgetView[] }) {
  const { t } = useLingui();
  if (budgets.length === 0) return null;
  return (
    <Panel title={t`Budget`} hint={t`What is given out stops at the cap, even if everybody comes at once.`}>
      <Stack gap="lg">
        {budgets.map((budget, place) => (
          <Budget key={`${budget.part}/${budget.id}/${String(place)}`} budget={budget} />
        ))}
      </Stack>
    </Panel>
  );
}

function Budget({ budget }: { budget: BudgetView }) {
  const { t } = useLingui();
  const format = useFormat();
  const { used, cap, words } = budget;
  const runsOut = budget.forecast?.runs_out_on;
  if (used === null) {
    return (
      <Text size="sm">
        {words} <Trans>(counted for each by itself)</Trans>
      </Text>
    );
  }
  const share = cap === 0 ? 1 : used / cap;
  return (
    <Stack gap={6}>
      <Text size="sm" fw={600}>
        {words}
      </Text>
      <Progress value={share * 100} color={share >= NEARLY ? "red" : "pine"} aria-label={t`Used of ${words}`} />
      <Text size="xs" c="dimmed">
        <Trans>
          {amount(format, budget, used)} of {amount(format, budget, cap)} used
        </Trans>
        {runsOut != null && (
          <>
            {" · "}
            <Trans>gone by {format.day(runsOut)} at this pace</Trans>
          </>
        )}
      </Text>
    </Stack>
  );
}

function amount(format: Format, { currency }: BudgetView, value: number): string {
  return currency === null ? format.number(value) : format.money(value, currency);
}
