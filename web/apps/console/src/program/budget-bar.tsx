import { Trans, useLingui } from "@lingui/react/macro";
import type { BudgetView } from "@perennial/api-admin";
import { Group, Progress, Stack, Text } from "@perennial/ui";

import { type Format, useFormat } from "../i18n/format";

const NEARLY = 0.9;

/** A limit for everybody together: used, left, and gone when. */
export function BudgetBar({ budget, used }: { budget: BudgetView; used: number }) {
  const { t } = useLingui();
  const format = useFormat();
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

function amount(format: Format, { currency, decimals }: BudgetView, value: number): string {
  return currency === null ? format.points(value, decimals) : format.money(value, currency);
}
