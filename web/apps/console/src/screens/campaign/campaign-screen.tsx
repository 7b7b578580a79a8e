import { Trans, useLingui } from "@lingui/react/macro";
import { campaignGetOptions } from "@perennial/api-admin/queries";
import { Loading, Page, Stack } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { useSpoken } from "../../i18n/spoken";
import { useProgramName } from "../../program/use-program-name";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { Budgets } from "./budgets";
import { CampaignFacts } from "./campaign-facts";
import { campaignRoute } from "./route";
import { Unpublished } from "./unpublished";

/** Its budget is used up while somebody looks. */
const LOOK_AGAIN_MS = 30_000;

const CampaignText = lazy(() => import("./campaign-text"));

/** One campaign: where it stands, what is left of it, and what it says. */
export function CampaignScreen() {
  const { t } = useLingui();
  const { program, campaign } = campaignRoute.useParams();
  const { code: workspace } = useWorkspace();
  const name = useProgramName()(program);
  const query = useQuery({ ...campaignGetOptions({ path: { program, id: campaign }, query: useSpoken() }), refetchInterval: LOOK_AGAIN_MS });
  return (
    <Page
      title={<bdi>{query.data?.campaign.name ?? campaign}</bdi>}
      intro={t`A campaign of the program ${name}.`}
      trail={
        <Link to="/$workspace/campaigns" params={{ workspace }}>
          <Trans>Campaigns</Trans>
        </Link>
      }
    >
      <Answer query={query}>
        {(answer) => (
          <Stack gap="lg">
            <Unpublished campaign={answer.campaign} />
            <CampaignFacts campaign={answer.campaign} />
            <Budgets budgets={answer.campaign.budgets} />
            <Suspense fallback={<Loading lines={8} />}>
              <CampaignText key={`${answer.campaign.program}/${answer.campaign.id}`} answer={answer} />
            </Suspense>
          </Stack>
        )}
      </Answer>
    </Page>
  );
}
