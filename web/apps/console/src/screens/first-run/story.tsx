import { Trans, useLingui } from "@lingui/react/macro";
import type { Demonstration, DemoStep } from "@perennial/api-admin";
import { Badge } from "@perennial/ui";

import { useFormat } from "../../i18n/format";
import { DeedWords } from "./deed-words";
import classes from "./first-run.module.css";

/** What happens to made-up members, one thing after the other. */
export function Story({ told }: { told: Demonstration }) {
  const { t } = useLingui();
  return (
    <ol className={classes.story} aria-label={t`What happens`}>
      {told.steps
        .filter(({ deed }) => deed !== "seen")
        .map((step) => (
          <li key={`${step.at}/${step.customer}/${step.deed}`} className={classes.step}>
            <Told step={step} told={told} />
          </li>
        ))}
    </ol>
  );
}

function Told({ step, told }: { step: DemoStep; told: Demonstration }) {
  const format = useFormat();
  const decimalsOf = (wallet: string) => told.wallets.find(({ id }) => id === wallet)?.decimals;
  return (
    <>
      <span className={classes.when}>{format.date(step.at)}</span>
      <div>
        <p>
          <DeedWords step={step} currency={told.currency} />
        </p>
        {step.gave.map(({ name, wallet, points }, place) => (
          <p key={`${name}/${String(place)}`} className={classes.gave}>
            <strong>{format.change(points, decimalsOf(wallet))}</strong> <bdi>{name}</bdi>
          </p>
        ))}
        {step.refused !== null && (
          <p className={classes.gave}>
            <Badge tone="warn">
              <Trans>Refused</Trans>
            </Badge>{" "}
            <bdi>{step.refused}</bdi>
          </p>
        )}
      </div>
      <div className={classes.stands}>
        {told.wallets.map(({ id, name, decimals }) => (
          <span key={id}>
            <strong>{format.points(step.balances[id] ?? 0, decimals)}</strong> <bdi>{name}</bdi>
          </span>
        ))}
        {step.tier !== null && (
          <Badge tone="info">
            <bdi>{step.tier}</bdi>
          </Badge>
        )}
      </div>
    </>
  );
}
