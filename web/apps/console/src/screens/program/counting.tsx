import { Trans, useLingui } from "@lingui/react/macro";
import { backfillListOptions } from "@perennial/api-admin/queries";
import { Alert, Progress, Text } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";

const OFTEN_MS = 2_000;
const SELDOM_MS = 30_000;
const OVER = ["done", "given_up"];

/** How far the newest version is with what it counts of the past: whoever publishes may leave, a worker goes on. */
export function CountingBanner({ program }: { program: string }) {
  const { t } = useLingui();
  const format = useFormat();
  const { data } = useQuery({
    ...backfillListOptions({ path: { id: program }, query: { limit: 1 } }),
    refetchInterval: ({ state }) => (OVER.includes(state.data?.data[0]?.state ?? "done") ? SELDOM_MS : OFTEN_MS),
  });
  const latest = data?.data[0];
  if (latest === undefined || OVER.includes(latest.state)) return null;
  const { percent } = latest;
  return (
    <Alert variant="default" title={t`The past is being counted for a new version`}>
      <Progress value={percent} animated aria-label={t`How far the past is counted`} />
      <Text size="sm" mt="xs">
        <Trans>{format.percent(percent / 100)} is done. It goes on by itself, whether this page is open or not.</Trans>
      </Text>
    </Alert>
  );
}
