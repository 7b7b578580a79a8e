import { Trans, useLingui } from "@lingui/react/macro";
import type { BudgetView } from "@perennial/api-admin";
import { budgetListOptions } from "@perennial/api-admin/queries";
import { Group, Panel, Progress, Stack, Text } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";

import { type Format, useFormat } from "../../i18n/format";
import classes from "./home.module.css";

const NEARLY = 0.9;

/** How much of each shared cap is used, and when it will be gone. */
export function Budgets() {
  const { t } = useLingui();
  const { data } = useQuery(budgetListOptions());
  const counted = (data?.data ?? []).filter((budget) => budget.used !== null);
  if (counted.length === 0) return null;
  return (
    <Panel title={t`Budgets`} hint={t`What is given out stops at the cap, even if everybody comes at once.`}>
      <div className={classes.budgets}>
        {counted.map((budget) => (
          <Budget key={`${budget.part}/${budget.id}`} budget={budget} />
        ))}
      </div>
    </Panel>
  );
}

function Budget({ budget }: { budget: BudgetView }) {
  const { t } = useLingui();
  const format = useFormat();
  const used = budget.used ?? 0;
  const share = budget.cap === 0 ? 1 : used / budget.cap;
  const runsOut = budget.forecast?.runs_out_on;
  return (
    <Stack gap={6}>
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text size="sm" fw={600}>
          {budget.words}
        </Text>
        <Text size="sm" c="dimmed">
          {format.percent(share)}
        </Text>
      </Group>
      <Progress value={share * 100} color={share >= NEARLY ? "red" : "pine"} aria-label={t`Used of ${budget.words}`} />
      <Text size="xs" c="dimmed">
        <Trans>
          {amount(format, budget, used)} of {amount(format, budget, budget.cap)} used
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

function amount(format: Format, budget: BudgetView, value: number): string {
  return budget.currency === null ? format.number(value) : format.money(value, budget.currency);
}
