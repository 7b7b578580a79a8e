import { Trans, useLingui } from "@lingui/react/macro";
import { Page } from "@perennial/ui";
import { useDeferredValue } from "react";

import { useWorkspace } from "../../session/workspace";
import { Budgets } from "./budgets";
import { Dashboard } from "./dashboard";
import { LaunchAtHome } from "./launch-at-home";
import { ProgramsAtHome } from "./programs-at-home";
import { Totals } from "./totals";

/** The state of the workspace at a glance. What lies below the first figures is drawn after them, and lets clicks come between. */
export function HomeScreen() {
  const { t } = useLingui();
  const workspace = useWorkspace();
  const below = useDeferredValue(true, false);
  return (
    <Page
      title={workspace.name}
      intro={
        workspace.sandbox ? (
          <Trans>A sandbox: try everything here, no member will notice.</Trans>
        ) : (
          t`What runs at this moment, and what needs somebody's eyes.`
        )
      }
    >
      <LaunchAtHome />
      <Totals />
      {below && (
        <>
          <Dashboard />
          <ProgramsAtHome />
          <Budgets />
        </>
      )}
    </Page>
  );
}
