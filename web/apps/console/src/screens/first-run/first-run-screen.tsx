import { Trans, useLingui } from "@lingui/react/macro";
import { templateListOptions } from "@perennial/api-admin/queries";
import { Alert, Loading, Page } from "@perennial/ui";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { useSpoken } from "../../i18n/spoken";
import { sessionOptions } from "../../session/session";
import { counterpart, useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { firstRunRoute } from "./route";
import { TemplateChoice } from "./template-choice";

/** Comes when there is a template to be filled in. */
const Own = lazy(async () => ({ default: (await import("./own")).Own }));

/** A program from nothing: a template, what is one's own, and what it does to made-up members. */
export function FirstRunScreen() {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const { template } = firstRunRoute.useSearch();
  const templates = useQuery(templateListOptions({ query: useSpoken() }));
  return (
    <Page
      title={t`Begin a program`}
      intro={t`Choose what comes nearest. Everything in it can be changed later, and nothing counts before it is published.`}
      trail={
        <Link to="/$workspace/programs" params={{ workspace }}>
          <Trans>Programs</Trans>
        </Link>
      }
    >
      <SandboxFirst />
      <Answer query={templates} lines={6}>
        {({ data }) => {
          const chosen = data.find(({ id }) => id === template) ?? data[0];
          if (chosen === undefined) return null;
          return (
            <>
              <TemplateChoice templates={data} chosen={chosen.id} />
              <Suspense fallback={<Loading lines={6} />}>
                <Own template={chosen} />
              </Suspense>
            </>
          );
        }}
      </Answer>
    </Page>
  );
}

/** In a live workspace: the way to the sandbox, where nobody would notice. */
function SandboxFirst() {
  const { t } = useLingui();
  const here = useWorkspace();
  const { data } = useSuspenseQuery(sessionOptions);
  const sandbox = counterpart(here, data.workspaces);
  if (here.sandbox || sandbox === undefined) return null;
  return (
    <Alert variant="default" title={t`This is the live workspace`}>
      <Trans>
        What you publish here counts for real members.{" "}
        <Link to="/$workspace/begin" params={{ workspace: sandbox.code }}>
          Try it in the sandbox first
        </Link>
      </Trans>
    </Alert>
  );
}
