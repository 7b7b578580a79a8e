import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { segmentPreview } from "@perennial/api-admin";
import { Panel, ProblemState, Stack, Text } from "@perennial/ui";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";
import { toldBy } from "../../shell/problem";

/** How many the condition would choose now, and some of them. */
export function Preview({ when, program }: { when: Record<string, unknown>; program: string }) {
  const { t } = useLingui();
  const format = useFormat();
  const preview = useQuery({
    queryKey: ["segment preview", program, when],
    queryFn: async ({ signal }) => (await segmentPreview({ body: { when, program }, throwOnError: true, signal })).data,
    placeholderData: keepPreviousData,
    retry: false,
  });
  if (preview.isError) {
    const told = toldBy(preview.error);
    return (
      <Panel title={t`Whom it would choose`}>
        <ProblemState
          title={t`This is no condition yet`}
          detail={told.words}
          onRetry={() => {
            void preview.refetch();
          }}
        />
      </Panel>
    );
  }
  if (preview.data === undefined) return null;
  const { count, of, exact, margin, sample } = preview.data;
  return (
    <Panel title={t`Whom it would choose`}>
      <Stack gap="xs">
        <Text fw={600} aria-live="polite">
          {!exact && <Trans>about</Trans>} <Plural value={count} one="# customer" other="# customers" />{" "}
          <Text span c="dimmed" fw={400}>
            <Trans>of {format.number(of)}</Trans>
            {!exact && (
              <>
                {" "}
                <Trans>± {format.number(margin)}</Trans>
              </>
            )}
          </Text>
        </Text>
        {sample.length > 0 && (
          <Text size="sm" c="dimmed">
            <Trans>Among them: {sample.join(", ")}</Trans>
          </Text>
        )}
      </Stack>
    </Panel>
  );
}
