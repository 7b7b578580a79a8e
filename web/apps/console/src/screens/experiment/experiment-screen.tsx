import { Trans, useLingui } from "@lingui/react/macro";
import { experimentResultsOptions } from "@perennial/api-admin/queries";
import { Page, Stack } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useProgramName } from "../../program/use-program-name";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { Effects } from "./effects";
import { experimentRoute } from "./route";
import { TrialFacts } from "./trial-facts";
import { Variants } from "./variants";

/** One experiment or holdout: where it stands, what came of it, and how it ends. */
export function ExperimentScreen() {
  const { t } = useLingui();
  const { program, trial } = experimentRoute.useParams();
  const { code: workspace } = useWorkspace();
  const name = useProgramName()(program);
  const query = useQuery(experimentResultsOptions({ path: { program, id: trial } }));
  return (
    <Page
      title={<bdi>{query.data?.trial.name ?? trial}</bdi>}
      intro={t`Tried in the program ${name}.`}
      trail={
        <Link to="/$workspace/experiments" params={{ workspace }}>
          <Trans>Experiments</Trans>
        </Link>
      }
    >
      <Answer query={query} lines={8}>
        {(results) => (
          <Stack gap="lg">
            <TrialFacts results={results} />
            <Effects results={results} />
            <Variants results={results} />
          </Stack>
        )}
      </Answer>
    </Page>
  );
}
