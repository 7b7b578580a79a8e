import { Trans, useLingui } from "@lingui/react/macro";
import type { CustomerView, MergeAnswer } from "@perennial/api-admin";
import { type Column, DataTable, Text } from "@perennial/ui";

import { useFormat } from "../../i18n/format";
import { useProgramName } from "../../program/use-program-name";
import { walletOf } from "./wallet-of";

interface Row {
  id: string;
  what: string;
  goes: string;
  stays: string;
  after: string;
}

/** Both accounts side by side, and the one that they become. */
export function MergePreview({ told, wallets }: { told: MergeAnswer; wallets: CustomerView["wallets"] }) {
  const { t } = useLingui();
  const rows = useRows(told, wallets);
  const columns: Column<Row>[] = [
    { id: "what", title: t`What`, cell: ({ what }) => <bdi>{what}</bdi> },
    { id: "goes", title: told.absorbed, cell: ({ goes }) => <bdi>{goes}</bdi> },
    { id: "stays", title: told.customer, cell: ({ stays }) => <bdi>{stays}</bdi> },
    { id: "after", title: t`Afterwards`, cell: ({ after }) => <bdi>{after}</bdi> },
  ];
  return (
    <>
      <DataTable label={t`What the merge would do`} columns={columns} rows={rows} keyOf={(row) => row.id} />
      {told.holds_released > 0 && (
        <Text size="sm">
          <Trans>What is reserved for a cart right now is released, and has to be reserved again.</Trans>
        </Text>
      )}
      {told.conflicts.length > 0 && (
        <Text size="sm">
          <Trans>Both have these, and the account that stays keeps its own:</Trans>{" "}
          <bdi>{told.conflicts.map(({ name, kept, dropped }) => `${name} (${kept}, ${dropped})`).join("; ")}</bdi>
        </Text>
      )}
      {told.needs_approval && (
        <Text size="sm">
          <Trans>So many points need a second person: it will wait under Approvals.</Trans>
        </Text>
      )}
    </>
  );
}

function useRows(told: MergeAnswer, wallets: CustomerView["wallets"]): Row[] {
  const { t } = useLingui();
  const format = useFormat();
  const nameOf = useProgramName();
  const points = told.balances.map(({ program, wallet, available, pending, debt }): Row => {
    const moved = told.wallets.find((each) => each.program === program && each.wallet === wallet);
    const goes = (moved?.points ?? 0) - (moved?.debt ?? 0);
    const after = available + pending - debt;
    const known = walletOf(wallets, `${program}/${wallet}`);
    const decimals = known?.decimals ?? moved?.decimals;
    return {
      id: `points/${program}/${wallet}`,
      what: known?.name ?? wallet,
      goes: format.points(goes, decimals),
      stays: format.points(after - goes, decimals),
      after: format.points(after, decimals),
    };
  });
  const tiers = told.tiers.map((tier): Row => {
    const { program } = tier;
    return {
      id: `tier/${program}`,
      what: t`Tier, ${nameOf(program)}`,
      goes: tier.absorbed_name ?? "–",
      stays: tier.survivor_name ?? "–",
      after: tier.after_name ?? "–",
    };
  });
  const counts: [string, string, number][] = [
    ["orders", t`Orders`, told.orders],
    ["vouchers", t`Vouchers`, told.vouchers],
    ["referrals", t`Referrals`, told.referrals],
    ["consents", t`Consents`, told.consents],
  ];
  const moved = counts.filter(([, , count]) => count > 0);
  return [...points, ...tiers, ...moved.map(([id, what, count]): Row => ({ id, what, goes: format.number(count), stays: "–", after: t`added` }))];
}
