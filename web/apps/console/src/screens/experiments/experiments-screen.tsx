import { Trans, useLingui } from "@lingui/react/macro";
import { experimentListOptions, programListOptions } from "@perennial/api-admin/queries";
import { EmptyState, Page, Panel, Stack } from "@perennial/ui";
import { IconFlask, IconPlus } from "@perennial/ui/icons";
import { useQuery } from "@tanstack/react-query";

import { useMay } from "../../session/may";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { LinkButton } from "../../shell/link-button";
import { ExperimentTable } from "./experiment-table";
import { InDrafts } from "./in-drafts";

/** Every experiment and holdout: where it stands, what it is judged by, on how many it is tried. */
export function ExperimentsScreen() {
  const { t } = useLingui();
  const trials = useQuery(experimentListOptions());
  const programs = (useQuery(programListOptions()).data?.data ?? []).map(({ program }) => program);
  return (
    <Page
      title={t`Experiments`}
      intro={t`Try something on some of your members, chosen by lot, and see what it really brings.`}
      actions={programs.length > 0 && <NewExperiment />}
    >
      <Answer query={trials}>
        {({ data }) => (
          <Stack gap="lg">
            <InDrafts programs={programs} published={data} />
            <Panel title={t`All experiments`} flush>
              {data.length === 0 ? (
                <EmptyState icon={<IconFlask size={26} />} title={t`Nothing tried yet`}>
                  <Trans>
                    An experiment gives random parts of the members other rules, rewards or campaigns. A holdout leaves some without, so that you see what the
                    program brings at all.
                  </Trans>
                </EmptyState>
              ) : (
                <ExperimentTable trials={data} />
              )}
            </Panel>
          </Stack>
        )}
      </Answer>
    </Page>
  );
}

function NewExperiment() {
  const { code: workspace } = useWorkspace();
  if (!useMay("programs")) return null;
  return (
    <LinkButton to="/$workspace/new-experiment" params={{ workspace }} leftSection={<IconPlus size={16} aria-hidden />}>
      <Trans>New experiment</Trans>
    </LinkButton>
  );
}
