import { Trans, useLingui } from "@lingui/react/macro";
import type { StatementEntry, WalletView } from "@perennial/api-admin";
import { ledgerList } from "@perennial/api-admin";
import { type Column, DataTable, EmptyState, Panel } from "@perennial/ui";
import { IconReceipt2 } from "@perennial/ui/icons";
import { useInfiniteQuery } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";
import { useZones } from "../../program/use-zones";
import { Answer } from "../../shell/answer";
import classes from "./member.module.css";
import { More } from "../../shell/more";
import { walletOf } from "./wallet-of";
import { becauseOf, happened } from "./words";

/** Every movement of points, as a bank would show it. */
export function Ledger({ customer, wallets }: { customer: string; wallets: readonly WalletView[] }) {
  const { t } = useLingui();
  const columns = useColumns(wallets);
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

function useColumns(wallets: readonly WalletView[]): Column<StatementEntry>[] {
  const { t } = useLingui();
  const format = useFormat();
  const zoneOf = useZones();
  const known = ({ program, wallet }: StatementEntry) => walletOf(wallets, `${program}/${wallet}`);
  return [
    { id: "at", title: t`When`, cell: (row) => format.moment(row.at, zoneOf(row.program)) },
    { id: "because", title: t`What for`, cell: (row) => <bdi>{becauseOf(t, row.because)}</bdi> },
    { id: "source", title: t`Came from`, cell: (row) => <bdi>{row.source ?? happened(t, row.source_type)}</bdi> },
    ...(wallets.length > 1 ? [{ id: "wallet", title: t`Wallet`, cell: (row: StatementEntry) => <bdi>{known(row)?.name ?? row.wallet}</bdi> }] : []),
    {
      id: "points",
      title: t`Points`,
      numeric: true,
      cell: (row) => <span className={row.points < 0 ? classes.minus : classes.plus}>{format.change(row.points, known(row)?.decimals)}</span>,
    },
    { id: "expires", title: t`Expires`, cell: (row) => (row.expires_at == null ? "–" : format.date(row.expires_at, zoneOf(row.program))) },
    { id: "balance", title: t`Balance`, numeric: true, cell: (row) => format.points(row.balance, known(row)?.decimals) },
  ];
}
