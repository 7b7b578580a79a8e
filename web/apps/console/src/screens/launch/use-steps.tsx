import { Trans, useLingui } from "@lingui/react/macro";
import type { Launch } from "@perennial/api-admin";
import { useLocalStorage } from "@perennial/ui";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { useMay } from "../../session/may";
import { useWorkspace } from "../../session/workspace";
import { FirstKey } from "./first-key";

export interface LaunchStep {
  id: string;
  title: string;
  done: boolean;
  /** What it is for, or how it comes to be. */
  hint: ReactNode;
  action?: ReactNode;
}

/** The steps to a launch, each with whether it is done. */
export function useSteps(): (there: Launch) => LaunchStep[] {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const mayMakeKeys = useMay("keys");
  const [switchesKnown, setSwitchesKnown] = useLocalStorage({ key: `perennial.switches-known.${workspace}`, defaultValue: false });
  const params = { workspace };
  return (there) => [
    {
      id: "program",
      title: t`A program`,
      done: there.program,
      hint: (
        <Link to="/$workspace/begin" params={params}>
          <Trans>Begin with a template</Trans>
        </Link>
      ),
    },
    {
      id: "published",
      title: t`Its first version is published`,
      done: there.published,
      hint: (
        <Link to="/$workspace/programs" params={params}>
          <Trans>Look at the draft, and publish it</Trans>
        </Link>
      ),
    },
    {
      id: "switches",
      title: t`You know where everything is stopped`,
      done: switchesKnown,
      hint: (
        <Link
          to="/$workspace/switches"
          params={params}
          onClick={() => {
            setSwitchesKnown(true);
          }}
        >
          <Trans>Look at the stop button</Trans>
        </Link>
      ),
    },
    {
      id: "key",
      title: t`A key for the shop`,
      done: there.key,
      hint: <Trans>With it the shop reports orders and asks for balances.</Trans>,
      action: mayMakeKeys ? <FirstKey /> : undefined,
    },
    { id: "member", title: t`The first member`, done: there.member, hint: <Trans>Whoever orders or joins becomes one.</Trans> },
    { id: "order", title: t`The first order`, done: there.order, hint: <Trans>Reported by the shop; in a sandbox also below.</Trans> },
    { id: "points", title: t`The first points`, done: there.points, hint: <Trans>Earned by the first order that a rule rewards.</Trans> },
  ];
}
