import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { conditionCheck, type Where } from "@perennial/api-admin";
import { Badge, Group, Stack, Text, useDebouncedValue } from "@perennial/ui";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { useFormat } from "../i18n/format";
import { toldBy } from "../shell/problem";
import classes from "./condition.module.css";
import type { Plain } from "./conditions";
import { useAsking } from "./facts";

const PAUSE_MS = 300;

/** What the server says of a condition while it is written: in words, what is odd, what it takes. */
export function Sentence({ condition, where, trigger, brief = false }: { condition: Plain; where: Where; trigger: string; brief?: boolean }) {
  const { t } = useLingui();
  const format = useFormat();
  const { program, language, facts } = useAsking();
  const [settled] = useDebouncedValue(condition, PAUSE_MS);
  const checked = useQuery({
    queryKey: ["condition check", program, language, where, trigger, settled],
    queryFn: async ({ signal }) => {
      const body = { program, condition: settled, where, trigger, language };
      return (await conditionCheck({ body, throwOnError: true, signal })).data;
    },
    placeholderData: keepPreviousData,
    enabled: facts.length > 0,
    retry: false,
  });
  if (checked.isError) {
    if (brief) return null;
    const told = toldBy(checked.error);
    return (
      <Text size="sm" c="red.8" role="status">
        <bdi>{told.errors[0]?.message ?? told.detail}</bdi>
      </Text>
    );
  }
  if (checked.data === undefined) return null;
  const { sentence, problems, warnings, cost } = checked.data;
  const odd = [...problems.map((each) => ({ ...each, tone: "bad" as const })), ...warnings.map((each) => ({ ...each, tone: "warn" as const }))];
  if (brief)
    return (
      <Text size="sm">
        <bdi>{sentence}</bdi>
      </Text>
    );
  return (
    <Stack gap={6} aria-live="polite">
      <p className={classes.sentence}>
        <bdi>{sentence}</bdi>
      </p>
      {odd.length > 0 && (
        <ul className={classes.odd}>
          {odd.map((each) => (
            <li key={`${each.path}/${each.code}`}>
              <Group gap={6}>
                <Badge tone={each.tone}>{each.tone === "bad" ? t`Problem` : t`Odd`}</Badge>
                <bdi>{each.words}</bdi>
              </Group>
            </li>
          ))}
        </ul>
      )}
      <Text size="xs" c="dimmed">
        <Plural value={cost.comparisons} one="At most # comparison" other="At most # comparisons" />;{" "}
        <Trans>
          {format.number(cost.parts)} of at most {format.number(cost.most_parts)} parts
        </Trans>
      </Text>
    </Stack>
  );
}
