import { Trans, useLingui } from "@lingui/react/macro";
import { batchVouchers, type PoolCode } from "@perennial/api-admin";
import { Code, type Column, DataTable, EmptyState, Panel } from "@perennial/ui";
import { IconTicket } from "@perennial/ui/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useFormat } from "../../i18n/format";
import { VoucherState } from "../../program/voucher-state";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { More } from "../../shell/more";

const PAGE = 20;

/** The codes of a pool by their last characters, first those that somebody has. */
export function Codes({ batch }: { batch: string }) {
  const { t } = useLingui();
  const columns = useColumns();
  const query = useInfiniteQuery({
    queryKey: ["codes of a pool", batch],
    queryFn: async ({ pageParam, signal }) =>
      (await batchVouchers({ path: { id: batch }, query: { cursor: pageParam, limit: PAGE }, throwOnError: true, signal })).data,
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  return (
    <Panel title={t`Codes of this pool`} hint={t`Only the last characters are shown; the export has them in full, and the audit log notes who took it.`} flush>
      <Answer query={query}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.data);
          return rows.length === 0 ? (
            <EmptyState icon={<IconTicket size={26} />} title={t`No codes`}>
              <Trans>Every row of this import was left out.</Trans>
            </EmptyState>
          ) : (
            <>
              <DataTable label={t`Codes of this pool`} columns={columns} rows={rows} keyOf={(row) => row.id} />
              <More query={query} />
            </>
          );
        }}
      </Answer>
    </Panel>
  );
}

function useColumns(): Column<PoolCode>[] {
  const { t } = useLingui();
  const format = useFormat();
  const { code: workspace } = useWorkspace();
  return [
    { id: "code", title: t`Code`, cell: ({ last4 }) => <Code dir="ltr">…{last4}</Code> },
    { id: "state", title: t`State`, cell: ({ state }) => <VoucherState state={state} /> },
    { id: "used", title: t`Used`, numeric: true, cell: ({ used, uses }) => (uses === null ? format.number(used) : t`${format.number(used)} of ${format.number(uses)}`) },
    {
      id: "customer",
      title: t`Whose`,
      cell: ({ customer }) =>
        customer === null ? (
          "–"
        ) : (
          <Link to="/$workspace/members/$customer" params={{ workspace, customer }} dir="auto">
            {customer}
          </Link>
        ),
    },
    { id: "expires", title: t`Expires`, cell: ({ expires_at: at }) => (at === null ? "–" : format.date(at)) },
  ];
}
