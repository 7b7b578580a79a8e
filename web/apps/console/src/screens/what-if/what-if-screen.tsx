import { Trans, useLingui } from "@lingui/react/macro";
import { versionListOptions } from "@perennial/api-admin/queries";
import { Alert, Loading, Page, Stack } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { useProgramName } from "../../program/use-program-name";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { toldBy } from "../../shell/problem";
import { useLongWork } from "../../shell/use-long-work";
import { Asking } from "./asking";
import { namesOptions } from "./names";
import { whatIfRoute } from "./route";
import { Running } from "./running";
import { BEGINNING, simulate } from "./simulate";

/** Comes when there is something to show. */
const Result = lazy(() => import("./result"));

/** What the draft would have come to on what really happened, beside what is published. */
export function WhatIfScreen() {
  const { t } = useLingui();
  const { program } = whatIfRoute.useParams();
  const { code: workspace } = useWorkspace();
  const name = useProgramName()(program);
  const versions = useQuery(versionListOptions({ path: { id: program } }));
  const { data: names } = useQuery(namesOptions(program));
  const { run, far = BEGINNING, busy, cancel, result, error } = useLongWork(simulate(program));
  const problem = error === null ? undefined : toldBy(error);
  return (
    <Page
      title={t`What if`}
      intro={t`What really happened is played again, under the saved draft and beside it under what is published. Nothing is written.`}
      trail={
        <Link to="/$workspace/programs/$program" params={{ workspace, program }}>
          <bdi>{name}</bdi>
        </Link>
      }
    >
      <Answer query={versions}>
        {({ data }) => <Asking versions={data.map(({ version }) => version)} zone={names?.zone} busy={busy} onRun={run} />}
      </Answer>
      {busy && <Running far={far} onCancel={cancel} />}
      {problem !== undefined && (
        <Alert color="red" variant="default" role="alert" title={t`It could not be played`}>
          <Stack gap={4}>
            <bdi>{problem.detail}</bdi>
            {problem.errors.slice(0, 5).map((each) => (
              <bdi key={`${each.path}/${each.code}`}>{each.message}</bdi>
            ))}
          </Stack>
        </Alert>
      )}
      {!busy && result !== undefined && (
        <Suspense fallback={<Loading lines={8} />}>
          <Result result={result} />
        </Suspense>
      )}
      {result !== undefined && (
        <p>
          <Link to="/$workspace/programs/$program" params={{ workspace, program }}>
            <Trans>Back to the draft, to change or publish it</Trans>
          </Link>
        </p>
      )}
    </Page>
  );
}
