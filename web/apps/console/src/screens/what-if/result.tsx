import { Trans, useLingui } from "@lingui/react/macro";
import type { SideResult, SimulationResult, WalletResult } from "@perennial/api-admin";
import { Chart, Panel, Stat, StatRow } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";
import { Budgets } from "./budgets";
import { Caveats } from "./caveats";
import { type Names, PLAIN } from "../../program/names";
import { namesOptions } from "./names";
import { Movers } from "./movers";
import { useSideName } from "./side-name";
import { Sides } from "./sides";

/** What both sides came to: the figures that decide, and then each part of them. */
export default function Result({ result }: { result: SimulationResult }) {
  const { data: names = PLAIN } = useQuery(namesOptions(result.program));
  return (
    <>
      <Figures result={result} names={names} />
      <Charts result={result} names={names} />
      <Sides result={result} names={names} />
      <Budgets result={result} />
      <Movers result={result} names={names} />
      <Caveats result={result} />
    </>
  );
}

function Figures({ result, names }: { result: SimulationResult; names: Names }) {
  const { t } = useLingui();
  const format = useFormat();
  const draft = result.sides.at(-1);
  const before = result.sides.length > 1 ? result.sides[0] : undefined;
  if (draft === undefined) return null;
  const worth = worthOf(draft);
  const liability = liabilityOf(draft);
  const money = (value: number) => format.money(value, result.currency);
  const beside = (value: number | null, other: number | null | undefined, say: (value: number) => string) =>
    before === undefined || value === null || other == null ? undefined : <Trans>instead of {say(other)}</Trans>;
  return (
    <StatRow>
      {draft.wallets.map((wallet) => {
        const points = (value: number) => format.points(value, names.decimals(wallet.wallet));
        return (
          <Stat
            key={wallet.wallet}
            label={draft.wallets.length === 1 ? t`Points earned` : t`Earned: ${names.of(wallet.wallet)}`}
            value={points(earned(wallet))}
            note={beside(earned(wallet), before && earnedOf(before, wallet.wallet), points)}
            formula={t`Points awarded in the period, less those that returns took back`}
          />
        );
      })}
      <Stat
        label={t`Worth of these points`}
        value={worth === null ? "–" : money(worth)}
        note={beside(worth, before && worthOf(before), money)}
        formula={t`At the best rate at which the program takes points`}
      />
      <Stat
        label={t`Handed out for points`}
        value={money(draft.cost)}
        note={beside(draft.cost, before?.cost, money)}
        formula={t`The worth of the rewards that were claimed or given`}
      />
      <Stat
        label={t`Owed to members at the end`}
        value={liability === null ? "–" : money(liability)}
        note={beside(liability, before && liabilityOf(before), money)}
        formula={t`What members hold, net of what they owe, at the best rate`}
      />
      {before !== undefined && (
        <Stat
          label={t`Who feels it`}
          value={format.number(result.gained + result.lost)}
          note={
            <Trans>
              {format.number(result.gained)} gain, {format.number(result.lost)} lose, of {format.number(result.customers)}
            </Trans>
          }
        />
      )}
    </StatRow>
  );
}

function Charts({ result, names }: { result: SimulationResult; names: Names }) {
  const { t } = useLingui();
  const format = useFormat();
  const nameOf = useSideName();
  const months = [...new Set(result.sides.flatMap((side) => side.months.map(({ month }) => month)))].sort();
  const tiers = [...new Set(result.sides.flatMap((side) => side.tiers.map(({ tier }) => tier)))];
  const wallets = [...new Set(result.sides.flatMap((side) => side.months.map(({ wallet }) => wallet)))];
  const last = result.sides.length - 1;
  return (
    <>
      {wallets.map((wallet) => (
        <Panel key={wallet} title={wallets.length === 1 ? t`Month by month` : t`Month by month: ${names.of(wallet)}`}>
          <Chart
            label={wallets.length === 1 ? t`Points by month` : t`By month: ${names.of(wallet)}`}
            kind="bars"
            categories={months.map(format.month)}
            categoryTitle={t`Month`}
            series={result.sides.map((side, place) => ({
              name: nameOf(side),
              values: months.map((month) => side.months.find((each) => each.month === month && each.wallet === wallet)?.points ?? 0),
              muted: place < last,
            }))}
            format={(value) => format.points(value, names.decimals(wallet))}
          />
        </Panel>
      ))}
      {tiers.some((tier) => tier !== null) && (
        <Panel title={t`Tier by tier`}>
          <Chart
            label={t`Members by tier at the end`}
            kind="bars"
            categories={tiers.map((tier) => (tier === null ? t`No tier` : names.of(tier)))}
            categoryTitle={t`Tier`}
            series={result.sides.map((side, place) => ({
              name: nameOf(side),
              values: tiers.map((tier) => side.tiers.find((each) => each.tier === tier)?.members ?? 0),
              muted: place < last,
            }))}
            whole
            format={(value) => format.number(value)}
          />
        </Panel>
      )}
    </>
  );
}

function earned({ awarded, taken_back: takenBack }: WalletResult): number {
  return awarded - takenBack;
}

function earnedOf(side: SideResult, wallet: string): number {
  const found = side.wallets.find((each) => each.wallet === wallet);
  return found === undefined ? 0 : earned(found);
}

function worthOf(side: SideResult): number | null {
  return sumOf(side.wallets.map(({ value }) => value));
}

function liabilityOf(side: SideResult): number | null {
  return sumOf(side.wallets.map(({ liability_value }) => liability_value));
}

/** The sum of what is known; null where nothing is. */
function sumOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}
