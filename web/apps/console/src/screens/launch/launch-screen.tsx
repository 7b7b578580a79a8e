import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { launchGetOptions } from "@perennial/api-admin/queries";
import { Page, Panel } from "@perennial/ui";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useMay } from "../../session/may";
import { sessionOptions } from "../../session/session";
import { counterpart, useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { Checklist } from "./checklist";
import { FirstOrder } from "./first-order";
import { useSteps } from "./use-steps";

/** The shop reports the first order from elsewhere: nobody has to look for that. */
const LOOK_AGAIN_MS = 5_000;

/** What is left to do until the first points, from what is really there. */
export function LaunchScreen() {
  const { t } = useLingui();
  const here = useWorkspace();
  const may = useMay("write");
  const launch = useQuery({
    ...launchGetOptions(),
    refetchInterval: ({ state }) => (state.data?.points === true ? false : LOOK_AGAIN_MS),
  });
  const stepsOf = useSteps();
  return (
    <Page
      title={t`The way to launch`}
      intro={
        here.sandbox ? (
          <Trans>This is the sandbox: go the whole way here first, then once more in the live workspace.</Trans>
        ) : (
          <Trans>This is the live workspace: what happens here counts for real members.</Trans>
        )
      }
    >
      <Answer query={launch} lines={7}>
        {(there) => {
          const steps = stepsOf(there);
          const left = steps.filter(({ done }) => !done).length;
          return (
            <>
              <Panel
                title={left === 0 ? t`Everything is there` : <Plural value={left} one="# step is left" other="# steps are left" />}
                hint={t`Each is checked by itself as soon as it has happened, in the console or through the API.`}
              >
                <Checklist steps={steps} />
              </Panel>
              {here.sandbox && may && there.published && <FirstOrder />}
              {left === 0 && here.sandbox && <GoLive />}
            </>
          );
        }}
      </Answer>
    </Page>
  );
}

/** From the sandbox to the live workspace, if there is one. */
function GoLive() {
  const { t } = useLingui();
  const here = useWorkspace();
  const { data } = useSuspenseQuery(sessionOptions);
  const live = counterpart(here, data.workspaces);
  if (live === undefined) return null;
  return (
    <Panel title={t`Now for real`}>
      <Trans>
        The sandbox has gone the whole way.{" "}
        <Link to="/$workspace/launch" params={{ workspace: live.code }}>
          Go on in the live workspace
        </Link>
      </Trans>
    </Panel>
  );
}
