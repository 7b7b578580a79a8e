import { Trans, useLingui } from "@lingui/react/macro";
import { programListOptions } from "@perennial/api-admin/queries";
import { Loading, Page } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";

const TrialForm = lazy(() => import("./trial-form"));

/** An experiment or a holdout from nothing: on whom, with what, and what it is judged by. */
export function NewExperimentScreen() {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const programs = useQuery(programListOptions());
  return (
    <Page
      title={t`New experiment`}
      intro={t`It goes into the draft of its program, and no member is part of it before that is published.`}
      trail={
        <Link to="/$workspace/experiments" params={{ workspace }}>
          <Trans>Experiments</Trans>
        </Link>
      }
    >
      <Answer query={programs}>
        {({ data }) => (
          <Suspense fallback={<Loading lines={6} />}>
            <TrialForm programs={data.map(({ program }) => program)} />
          </Suspense>
        )}
      </Answer>
    </Page>
  );
}
