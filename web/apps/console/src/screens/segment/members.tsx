import { Trans, useLingui } from "@lingui/react/macro";
import { type SegmentMember, segmentMembers, type SegmentView } from "@perennial/api-admin";
import { Button, type Column, DataTable, EmptyState, Panel } from "@perennial/ui";
import { IconUsers } from "@perennial/ui/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useFormat } from "../../i18n/format";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";

/** Who is in the segment, page by page. */
export function Members({ segment: { id, filled, version } }: { segment: SegmentView }) {
  const { t } = useLingui();
  const columns = useColumns();
  const query = useInfiniteQuery({
    queryKey: ["segment members", id, version, filled],
    queryFn: async ({ pageParam, signal }) =>
      (await segmentMembers({ path: { id }, query: { cursor: pageParam }, throwOnError: true, signal })).data,
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  return (
    <Panel title={t`Who is in it`} flush>
      <Answer query={query}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.data);
          if (rows.length === 0) {
            return (
              <EmptyState icon={<IconUsers size={26} />} title={t`Nobody at this moment`}>
                <Trans>Whoever meets the condition comes in by themselves, with their next order or when their time comes.</Trans>
              </EmptyState>
            );
          }
          return <DataTable label={t`Who is in it`} columns={columns} rows={rows} keyOf={({ customer }) => customer} />;
        }}
      </Answer>
      {query.hasNextPage && (
        <Button variant="subtle" fullWidth loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          <Trans>Show more</Trans>
        </Button>
      )}
    </Panel>
  );
}

function useColumns(): Column<SegmentMember>[] {
  const { t } = useLingui();
  const format = useFormat();
  const { code: workspace } = useWorkspace();
  return [
    {
      id: "customer",
      title: t`Customer`,
      cell: ({ customer }) => (
        <Link to="/$workspace/members/$customer" params={{ workspace, customer }} dir="auto">
          {customer}
        </Link>
      ),
    },
    { id: "since", title: t`In it since`, cell: ({ entered_at: at }) => format.moment(at) },
  ];
}
