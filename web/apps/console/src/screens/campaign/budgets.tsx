import { Trans, useLingui } from "@lingui/react/macro";
import type { BudgetView } from "@perennial/api-admin";
import { Panel, Stack, Text } from "@perennial/ui";

import { BudgetBar } from "../../program/budget-bar";

/** The limits of a campaign and of its parts. */
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
  if (budget.used !== null) return <BudgetBar budget={budget} used={budget.used} />;
  return (
    <Text size="sm">
      {budget.words} <Trans>(counted for each by itself)</Trans>
    </Text>
  );
}
