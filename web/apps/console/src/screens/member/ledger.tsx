import { Trans, useLingui } from "@lingui/react/macro";
import type { StatementEntry } from "@perennial/api-admin";
import { ledgerList } from "@perennial/api-admin";
import { type Column, DataTable, EmptyState, Panel } from "@perennial/ui";
import { IconReceipt2 } from "@perennial/ui/icons";
import { useInfiniteQuery } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";
import { useZones } from "../../program/use-zones";
import { Answer } from "../../shell/answer";
import classes from "./member.module.css";
import { More } from "../../shell/more";
import { becauseOf } from "./words";

/** Every movement of points, as a bank would show it. */
export function Ledger({ customer }: { customer: string }) {
  const { t } = useLingui();
  const columns = useColumns();
  const query = useInfiniteQuery({
    queryKey: ["ledger", customer],
    queryFn: async ({ pageParam, signal }) =>
      (await ledgerList({ path: { id: customer }, query: { cursor: pageParam }, throwOnError: true, signal })).data,
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  return (
    <Panel title={t`Statement`} flush>
      <Answer query={query}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.data);
          if (rows.length === 0) {
            return (
              <EmptyState icon={<IconReceipt2 size={26} />} title={t`No points have moved`}>
                <Trans>Each award, claim, return and expiry will be a line here, with the balance after it.</Trans>
              </EmptyState>
            );
          }
          return (
            <>
              <DataTable
                label={t`Statement`}
                columns={columns}
                rows={rows}
                keyOf={(row) => `${row.operation}/${row.program}/${row.wallet}/${row.because}/${String(row.points)}/${String(row.balance)}`}
              />
              <More query={query} />
            </>
          );
        }}
      </Answer>
    </Panel>
  );
}

function useColumns(): Column<StatementEntry>[] {
  const { t } = useLingui();
  const format = useFormat();
  const zoneOf = useZones();
  return [
    { id: "at", title: t`When`, cell: (row) => format.moment(row.at, zoneOf(row.program)) },
    { id: "because", title: t`What for`, cell: (row) => <bdi>{becauseOf(t, row.because)}</bdi> },
    { id: "source", title: t`Came from`, cell: (row) => <bdi>{row.source ?? row.source_type}</bdi> },
    {
      id: "points",
      title: t`Points`,
      numeric: true,
      cell: (row) => <span className={row.points < 0 ? classes.minus : classes.plus}>{format.change(row.points)}</span>,
    },
    { id: "expires", title: t`Expires`, cell: (row) => (row.expires_at == null ? "–" : format.date(row.expires_at, zoneOf(row.program))) },
    { id: "balance", title: t`Balance`, numeric: true, cell: (row) => format.points(row.balance) },
  ];
}
