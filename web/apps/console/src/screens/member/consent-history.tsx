import { useLingui } from "@lingui/react/macro";
import { consentList, type ConsentView } from "@perennial/api-admin";
import { Box, type Column, DataTable, Text } from "@perennial/ui";
import { useInfiniteQuery } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";
import { useActor } from "../../session/use-actor";
import { Answer } from "../../shell/answer";
import { More } from "../../shell/more";
import { CHANNELS, purposeOf } from "./consent-words";
import { ConsentBadge, Where } from "./consents";

export function consentsKey(customer: string): readonly string[] {
  return ["consents", customer];
}

/** Every word of a member about what they may be sent, what was said last first. */
export function ConsentHistory({ customer }: { customer: string }) {
  const { t } = useLingui();
  const columns = useColumns();
  const query = useInfiniteQuery({
    queryKey: consentsKey(customer),
    queryFn: async ({ pageParam, signal }) =>
      (await consentList({ path: { id: customer }, query: { cursor: pageParam }, throwOnError: true, signal })).data,
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  return (
    <Answer query={query} lines={3}>
      {({ pages }) => (
        <>
          <DataTable
            label={t`All that was said`}
            columns={columns}
            rows={pages.flatMap((page) => page.data)}
            keyOf={(row) => JSON.stringify(row)}
          />
          <More query={query} />
        </>
      )}
    </Answer>
  );
}

function useColumns(): Column<ConsentView>[] {
  const { t } = useLingui();
  const format = useFormat();
  const actorOf = useActor();
  return [
    { id: "when", title: t`When`, cell: ({ at }) => format.moment(at) },
    { id: "purpose", title: t`Purpose`, cell: ({ purpose }) => <bdi>{purposeOf(t, purpose)}</bdi> },
    { id: "channel", title: t`Channel`, cell: ({ channel }) => t(CHANNELS[channel]) },
    { id: "state", title: t`State`, cell: ({ state }) => <ConsentBadge state={state} /> },
    { id: "where", title: t`Where it was said`, cell: (row) => <Where consent={row} /> },
    {
      id: "who",
      title: t`Recorded by`,
      cell: ({ actor, reason }) => (
        <Box miw="8rem">
          <bdi>{actorOf(actor)}</bdi>
          {reason != null && (
            <Text size="xs" c="dimmed">
              <bdi>{reason}</bdi>
            </Text>
          )}
        </Box>
      ),
    },
  ];
}
