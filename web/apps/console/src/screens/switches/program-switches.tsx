import { useLingui } from "@lingui/react/macro";
import type { SwitchObject, SwitchView } from "@perennial/api-admin";
import { programListOptions } from "@perennial/api-admin/queries";
import { Panel } from "@perennial/ui";
import { useQueries, useQuery } from "@tanstack/react-query";

import { partsOptions } from "../../program/parts";
import { KINDS } from "./kinds";
import classes from "./switches.module.css";
import { TurnButton } from "./turn-button";
import { sameObject } from "./use-switch";

/** Every program that runs with its parts, each with a switch of its own. */
export function ProgramSwitches({ off }: { off: readonly SwitchView[] }) {
  const programs = useQuery(programListOptions()).data?.data ?? [];
  const running = programs.flatMap(({ program, name, version }) => (version === null ? [] : [{ program, name, version }]));
  const parts = useQueries({ queries: running.map(({ program, version }) => partsOptions(program, version)) });
  return (
    <>
      {running.map(({ program, name }, index) => (
        <Panel key={program} title={name} flush>
          <ul className={classes.parts}>
            <Part object={{ kind: "program", program }} name={name} off={off} />
            {parts[index]?.data?.map((part) => (
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
