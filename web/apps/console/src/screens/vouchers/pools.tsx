import { Trans, useLingui } from "@lingui/react/macro";
import { batchList, type BatchView } from "@perennial/api-admin";
import { Badge, type Column, DataTable, EmptyState, Panel } from "@perennial/ui";
import { IconTicket } from "@perennial/ui/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useFormat } from "../../i18n/format";
import { RewardName } from "../../program/reward-name";
import { useZones } from "../../program/use-zones";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { More } from "../../shell/more";

/** Every pool, the latest first. */
export function Pools() {
  const { t } = useLingui();
  const columns = useColumns();
  const query = useInfiniteQuery({
    queryKey: ["pools"],
    queryFn: async ({ pageParam, signal }) => (await batchList({ query: { cursor: pageParam }, throwOnError: true, signal })).data,
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  return (
    <Panel title={t`Pools`} flush>
      <Answer query={query}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.data);
          return rows.length === 0 ? (
            <EmptyState icon={<IconTicket size={26} />} title={t`No pool yet`}>
              <Trans>
                A pool is a stack of codes for one reward: for a mailing, a printed flyer, or to be given to members one by one.
              </Trans>
            </EmptyState>
          ) : (
            <>
              <DataTable label={t`Pools`} columns={columns} rows={rows} keyOf={(row) => row.id} />
              <More query={query} />
            </>
          );
        }}
      </Answer>
    </Panel>
  );
}

function useColumns(): Column<BatchView>[] {
  const { t } = useLingui();
  const format = useFormat();
  const zoneOf = useZones();
  const { code: workspace } = useWorkspace();
  return [
    {
      id: "id",
      title: t`Pool`,
      cell: ({ id }) => (
        <Link to="/$workspace/vouchers/$batch" params={{ workspace, batch: id }} dir="auto">
          {id}
        </Link>
      ),
    },
    { id: "reward", title: t`Reward`, cell: ({ reward }) => <RewardName reference={reward} /> },
    { id: "kind", title: t`Origin`, cell: ({ imported }) => <Badge tone={imported ? "info" : "plain"}>{imported ? t`imported` : t`made here`}</Badge> },
    { id: "made", title: t`Codes`, numeric: true, cell: ({ made }) => format.number(made) },
    { id: "at", title: t`Made`, cell: ({ created_at: at }) => format.date(at) },
    { id: "expires", title: t`Expires`, cell: ({ reward, expires_at: at }) => (at == null ? t`never` : format.date(at, zoneOf(reward))) },
  ];
}
