import { Trans, useLingui } from "@lingui/react/macro";
import { programListOptions } from "@perennial/api-admin/queries";
import { Page, Panel } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { PlanForm } from "./plan-form";

/** A campaign from nothing: what it gives, when, to whom, and how much of it. */
export function NewCampaignScreen() {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const programs = useQuery(programListOptions());
  return (
    <Page
      title={t`New campaign`}
      intro={t`It goes into the draft of its program and gives nothing before that is published.`}
      trail={
        <Link to="/$workspace/campaigns" params={{ workspace }}>
          <Trans>Campaigns</Trans>
        </Link>
      }
    >
      <Panel>
        <Answer query={programs}>{({ data }) => <PlanForm programs={data.map(({ program }) => program)} />}</Answer>
      </Panel>
    </Page>
  );
}
