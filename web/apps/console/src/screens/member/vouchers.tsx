import { Trans, useLingui } from "@lingui/react/macro";
import type { VoucherView } from "@perennial/api-admin";
import { vouchersList } from "@perennial/api-admin";
import { Badge, Code, type Column, DataTable, EmptyState, Group, Panel } from "@perennial/ui";
import { IconTicket } from "@perennial/ui/icons";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";
import { RewardName } from "../../program/reward-name";
import { poolRewardsOptions } from "../../program/rewards";
import { useZones } from "../../program/use-zones";
import { VoucherState } from "../../program/voucher-state";
import { useMay } from "../../session/may";
import { Answer } from "../../shell/answer";
import { More } from "../../shell/more";
import { GiveCode } from "./give-code";

/** The codes that the member holds. */
export function Vouchers({ customer }: { customer: string }) {
  const { t } = useLingui();
  const columns = useColumns();
  const may = useMay("vouchers");
  const rewards = useQuery({ ...poolRewardsOptions, enabled: may }).data ?? [];
  const query = useInfiniteQuery({
    queryKey: ["vouchers", customer],
    queryFn: async ({ pageParam, signal }) =>
      (await vouchersList({ path: { id: customer }, query: { cursor: pageParam }, throwOnError: true, signal })).data,
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  return (
    <Panel title={t`Vouchers`} actions={may && rewards.length > 0 && <GiveCode customer={customer} rewards={rewards} />} flush>
      <Answer query={query}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.data);
          if (rows.length === 0) {
            return (
              <EmptyState icon={<IconTicket size={26} />} title={t`No vouchers`}>
                <Trans>Codes that the member claims for points, or is given, appear here.</Trans>
              </EmptyState>
            );
          }
          return (
            <>
              <DataTable label={t`Vouchers`} columns={columns} rows={rows} keyOf={(row) => row.id} />
              <More query={query} />
            </>
          );
        }}
      </Answer>
    </Panel>
  );
}

function useColumns(): Column<VoucherView>[] {
  const { t } = useLingui();
  const format = useFormat();
  const zoneOf = useZones();
  return [
    { id: "code", title: t`Code`, cell: (row) => <Code dir="ltr">{row.code ?? `…${row.last4}`}</Code> },
    { id: "reward", title: t`Reward`, cell: (row) => <RewardName reference={row.reward} /> },
    { id: "value", title: t`Worth`, numeric: true, cell: (row) => (row.value === 0 ? "–" : format.money(row.balance ?? row.value, row.currency)) },
    { id: "state", title: t`State`, cell: (row) => <StateOf row={row} /> },
    { id: "issued", title: t`Given`, cell: (row) => format.date(row.issued_at, zoneOf(row.reward)) },
    { id: "expires", title: t`Expires`, cell: (row) => (row.expires_at == null ? "–" : format.date(row.expires_at, zoneOf(row.reward))) },
  ];
}

/** What became of a code, and whether it is there to be passed on. */
function StateOf({ row }: { row: VoucherView }) {
  return (
    <Group gap={6}>
      <VoucherState state={row.state} />
      {row.for_friends === true && (
        <Badge tone="plain">
          <Trans>to pass on</Trans>
        </Badge>
      )}
    </Group>
  );
}
