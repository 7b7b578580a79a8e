import { Trans, useLingui } from "@lingui/react/macro";
import type { SwitchView } from "@perennial/api-admin";
import { Panel } from "@perennial/ui";

import { useFormat } from "../../i18n/format";
import { useActor } from "../../session/use-actor";
import { KINDS } from "./kinds";
import classes from "./switches.module.css";
import { TurnButton } from "./turn-button";
import { nameOfSwitched, useRunning } from "./use-running";

/** What is off at this moment: since when, by whom and why. */
export function WhatIsOff({ off }: { off: readonly SwitchView[] }) {
  const { t } = useLingui();
  const parts = off.filter((each) => each.object.kind !== "everything");
  if (off.length === 0) return null;
  return (
    <Panel title={t`Off at this moment`} flush>
      <ul className={classes.parts}>
        {off.map((each) => (
          <OffPart key={keyOf(each)} each={each} alone={parts.length === 0} />
        ))}
      </ul>
    </Panel>
  );
}

function OffPart({ each, alone }: { each: SwitchView; alone: boolean }) {
  const { t } = useLingui();
  const format = useFormat();
  const actorOf = useActor();
  const { object } = each;
  const name = nameOfSwitched(useRunning(), object) ?? t`everything`;
  return (
    <li className={classes.part}>
      <span className={classes.name}>
        <span className={classes.kind}>{t(KINDS[object.kind])}</span>
        <strong>
          <bdi>{name}</bdi>
        </strong>
        <span className={classes.because}>
          {each.reason != null && <bdi>“{each.reason}”</bdi>}
          {each.actor != null && each.off_at != null && (
            <>
              {" "}
              <Trans>
                by {actorOf(each.actor)}, {format.moment(each.off_at)}
              </Trans>
            </>
          )}
        </span>
      </span>
      {!(alone && object.kind === "everything") && <TurnButton object={object} name={name} off />}
    </li>
  );
}

function keyOf(each: SwitchView): string {
  return `${each.object.kind}/${each.object.program ?? ""}/${each.object.id ?? ""}`;
}
