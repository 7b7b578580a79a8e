import { useLingui } from "@lingui/react/macro";
import type { SwitchObject, SwitchView } from "@perennial/api-admin";
import { Panel } from "@perennial/ui";

import { KINDS } from "./kinds";
import classes from "./switches.module.css";
import { TurnButton } from "./turn-button";
import { useRunning } from "./use-running";
import { sameObject } from "./use-switch";

/** Every program that runs with its parts, each with a switch of its own. */
export function ProgramSwitches({ off }: { off: readonly SwitchView[] }) {
  const running = useRunning();
  return (
    <>
      {running.map(({ program, name, parts }) => (
        <Panel key={program} title={name} flush>
          <ul className={classes.parts}>
            <Part object={{ kind: "program", program }} name={name} off={off} />
            {parts.map((part) => (
              <Part key={`${part.kind}/${part.id}`} object={{ kind: part.kind, program, id: part.id }} name={part.name} off={off} />
            ))}
          </ul>
        </Panel>
      ))}
    </>
  );
}

function Part({ object, name, off }: { object: SwitchObject; name: string; off: readonly SwitchView[] }) {
  const { t } = useLingui();
  const stopped = off.some((each) => sameObject(each.object, object));
  return (
    <li className={classes.part}>
      <span className={classes.name}>
        <span className={classes.kind}>{t(KINDS[object.kind])}</span>
        <bdi>{name}</bdi>
      </span>
      <TurnButton object={object} name={name} off={stopped} />
    </li>
  );
}
