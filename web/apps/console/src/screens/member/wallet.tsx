import { Trans, useLingui } from "@lingui/react/macro";
import type { WalletView } from "@perennial/api-admin";
import { Facts, Panel, Text } from "@perennial/ui";

import { useFormat } from "../../i18n/format";
import { useProgramName } from "../../program/use-program-name";
import { useZones } from "../../program/use-zones";
import classes from "./member.module.css";

/** One balance: what can be spent now, and what will become of the rest. */
export function Wallet({ wallet }: { wallet: WalletView }) {
  const { t } = useLingui();
  const format = useFormat();
  const zoneOf = useZones();
  const nameOf = useProgramName();
  const points = (value: number) => format.points(value, wallet.decimals);
  const next = wallet.expiring_next;
  const facts = [
    { label: t`Pending`, value: points(wallet.pending), when: true },
    { label: t`Held`, value: points(wallet.held), when: wallet.held !== 0 },
    { label: t`Debt`, value: points(wallet.debt), when: wallet.debt !== 0 },
    { label: t`Earned in all`, value: points(wallet.earned), when: true },
    { label: t`Spent`, value: points(wallet.spent), when: true },
    { label: t`Expired`, value: points(wallet.expired), when: true },
  ].filter((fact) => fact.when);
  return (
    <Panel title={wallet.name} hint={nameOf(wallet.program)}>
      <div className={classes.balance}>
        <span className={classes.amount}>{points(wallet.available)}</span>
        <Text c="dimmed" size="sm" component="span">
          <Trans>available</Trans>
        </Text>
      </div>
      {next != null && (
        <p className={classes.expiring}>
          <Trans>
            {points(next.points)} expire on {format.date(next.at, zoneOf(wallet.program))}
          </Trans>
        </p>
      )}
      <Facts facts={facts} />
    </Panel>
  );
}
