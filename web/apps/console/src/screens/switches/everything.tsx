import { Trans, useLingui } from "@lingui/react/macro";
import type { SwitchView } from "@perennial/api-admin";
import { IconPlayerPlay, IconPower } from "@perennial/ui/icons";

import { useWorkspace } from "../../session/workspace";
import classes from "./switches.module.css";
import { TurnButton } from "./turn-button";

const EVERYTHING = { kind: "everything" } as const;

/** The one for everything. */
export function Everything({ off }: { off: readonly SwitchView[] }) {
  const { t } = useLingui();
  const workspace = useWorkspace();
  const stopped = off.some((each) => each.object.kind === "everything");
  return (
    <section className={classes.everything} data-off={stopped || undefined}>
      <div className={classes.sign} aria-hidden>
        {stopped ? <IconPower size={30} /> : <IconPlayerPlay size={30} />}
      </div>
      <div className={classes.words}>
        <h2>{stopped ? <Trans>Everything is off</Trans> : <Trans>Everything runs</Trans>}</h2>
        <p>
          {stopped ? (
            <Trans>No program of {workspace.name} gives anything at this moment.</Trans>
          ) : (
            <Trans>In an emergency one switch stops every program of {workspace.name} within a second.</Trans>
          )}
        </p>
      </div>
      <TurnButton object={EVERYTHING} name={t`everything`} off={stopped} size="md" />
    </section>
  );
}
