import { useLingui } from "@lingui/react/macro";
import type { SimulationResult } from "@perennial/api-admin";
import { type Column, DataTable, Panel } from "@perennial/ui";

import { useFormat, withSign } from "../../i18n/format";
import type { Names } from "../../program/names";
import { useSideName } from "./side-name";

interface Row {
  id: string;
  name: string;
  /** In which its points are counted, where they are those of one. */
  wallet?: string;
  /** One figure for each side. */
  values: readonly number[];
}

/** What each rule and each reward gave, how often each message was sent, and what each group of members got, side by side. */
export function Sides({ result, names }: { result: SimulationResult; names: Names }) {
  const { t } = useLingui();
  const format = useFormat();
  const several = new Set(result.sides.flatMap(({ wallets }) => wallets.map(({ wallet }) => wallet))).size > 1;
  const rules = rulesOf(result, names);
  const rewards = rowsOf(result.sides.map((side) => side.rewards.map((each) => [each.reward, each.value])), names);
  const messages = rowsOf(result.sides.map((side) => side.messages.map((each) => [each.message, each.times])), names);
  const groups = result.groups.map((group) => ({
    id: `${group.kind}/${group.id ?? ""}`,
    name: group.id === null ? t`No tier` : names.of(group.id),
    values: group.points,
  }));
  return (
    <>
      {rules.length > 0 && (
        <Panel title={t`Points by rule`} flush>
          <Figures result={result} label={t`Points by rule`} head={t`Rule`} rows={rules} say={(value, { wallet = "" }) => format.points(value, names.decimals(wallet))} wallet={several ? names.of : undefined} />
        </Panel>
      )}
      {rewards.length > 0 && (
        <Panel title={t`Cost by reward`} flush>
          <Figures
            result={result}
            label={t`Cost by reward`}
            head={t`Reward`}
            rows={rewards}
            say={(value) => format.money(value, result.currency)}
          />
        </Panel>
      )}
      {messages.length > 0 && (
        <Panel title={t`Messages sent`} hint={t`As if everybody had agreed to get them.`} flush>
          <Figures result={result} label={t`Messages sent`} head={t`Message`} rows={messages} say={(value) => format.number(value)} />
        </Panel>
      )}
      {groups.length > 0 && (
        <Panel title={t`Points by tier and segment`} hint={t`Tiers as they were at the end beside the draft; segments as they are today.`} flush>
          <Figures result={result} label={t`Points by tier and segment`} head={t`Group`} rows={groups} say={(value) => format.points(value, result.decimals)} />
        </Panel>
      )}
    </>
  );
}

interface FiguresProps {
  result: SimulationResult;
  label: string;
  head: string;
  rows: readonly Row[];
  say: (value: number, row: Row) => string;
  /** What the wallet of a row is called, where that has to be said. */
  wallet?: (id: string) => string;
}

function Figures({ result, label, head, rows, say, wallet: calledOf }: FiguresProps) {
  const { t } = useLingui();
  const nameOf = useSideName();
  const columns: Column<Row>[] = [
    { id: "name", title: head, cell: ({ name }) => <bdi>{name}</bdi> },
    ...(calledOf === undefined ? [] : [{ id: "wallet", title: t`Wallet`, cell: ({ wallet = "" }: Row) => <bdi>{calledOf(wallet)}</bdi> }]),
    ...result.sides.map((side, place) => ({
      id: `side-${String(place)}`,
      title: nameOf(side),
      numeric: true,
      cell: (row: Row) => say(row.values[place] ?? 0, row),
    })),
    ...(result.sides.length > 1
      ? [
          {
            id: "change",
            title: t`Difference`,
            numeric: true,
            cell: (row: Row) => {
              const difference = (row.values.at(-1) ?? 0) - (row.values[0] ?? 0);
              return withSign(say(difference, row), difference);
            },
          },
        ]
      : []),
  ];
  return <DataTable label={label} columns={columns} rows={rows} keyOf={({ id }) => id} />;
}

/** A rule is there once for each wallet that it gave points into. */
function rulesOf(result: SimulationResult, names: Names): Row[] {
  const wallets = [...new Set(result.sides.flatMap(({ rules }) => rules.map(({ wallet }) => wallet)))];
  return wallets.flatMap((wallet) => {
    const sides = result.sides.map(({ rules }) => rules.filter((each) => each.wallet === wallet));
    const rows = rowsOf(sides.map((rules) => rules.map((each) => [each.rule, each.points])), names);
    return rows.map((row) => ({ ...row, id: `${wallet}/${row.id}`, wallet }));
  });
}

/** The figures of all sides by their id, in the order in which they are first met. */
function rowsOf(sides: readonly (readonly (readonly [string, number])[])[], names: Names): Row[] {
  const ids = [...new Set(sides.flatMap((side) => side.map(([id]) => id)))];
  return ids.map((id) => ({
    id,
    name: names.of(id),
    values: sides.map((side) => side.find(([each]) => each === id)?.[1] ?? 0),
  }));
}
