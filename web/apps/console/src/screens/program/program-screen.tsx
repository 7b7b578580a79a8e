import { Trans, useLingui } from "@lingui/react/macro";
import { draftGetOptions, versionListOptions } from "@perennial/api-admin/queries";
import { Loading, Page, Tabs } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { useProgramName } from "../../program/use-program-name";
import { useMay } from "../../session/may";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { LinkButton } from "../../shell/link-button";
import { programRoute } from "./route";
import { Versions } from "./versions";

const Draft = lazy(() => import("./draft"));

/** One program: its draft, and everything that was ever published. */
export function ProgramScreen() {
  const { t } = useLingui();
  const { program } = programRoute.useParams();
  const { tab = "draft", view, section } = programRoute.useSearch();
  const { code: workspace } = useWorkspace();
  const name = useProgramName()(program);
  const may = useMay("programs");
  const navigate = useNavigate({ from: programRoute.fullPath });
  const draft = useQuery(draftGetOptions({ path: { id: program } }));
  const versions = useQuery(versionListOptions({ path: { id: program } }));
  const newest = versions.data?.data.reduce((most, each) => Math.max(most, each.version), 0);
  return (
    <Page
      title={<bdi>{name}</bdi>}
      trail={
        <Link to="/$workspace/programs" params={{ workspace }}>
          <Trans>Programs</Trans>
        </Link>
      }
      actions={
        may && (
          <LinkButton variant="default" to="/$workspace/programs/$program/what-if" params={{ workspace, program }}>
            <Trans>What if…</Trans>
          </LinkButton>
        )
      }
    >
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(next) => void navigate({ search: next === "versions" ? { tab: "versions" } : {}, replace: true })}
      >
        <Tabs.List mb="md" aria-label={t`Parts of this program`}>
          <Tabs.Tab value="draft">
            <Trans>Draft</Trans>
          </Tabs.Tab>
          <Tabs.Tab value="versions">
            <Trans>Versions</Trans>
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="draft">
          <Answer query={draft} lines={8}>
            {(kept) => (
              <Suspense fallback={<Loading lines={8} />}>
                <Draft
                  key={kept.program}
                  draft={kept}
                  newest={newest}
                  published={versions.data?.data.find(({ version }) => version === newest)?.published_at}
                  section={section}
                  asText={view === "text"}
                  onAsText={(asText) => void navigate({ search: asText ? { view: "text" } : {}, replace: true })}
                />
              </Suspense>
            )}
          </Answer>
        </Tabs.Panel>
        <Tabs.Panel value="versions">
          <Answer query={versions}>{({ data }) => <Versions program={program} versions={data} />}</Answer>
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
