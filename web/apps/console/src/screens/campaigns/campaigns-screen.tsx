import { Trans, useLingui } from "@lingui/react/macro";
import { campaignListOptions, programListOptions } from "@perennial/api-admin/queries";
import { EmptyState, Page, Panel, Stack } from "@perennial/ui";
import { IconCalendar, IconPlus } from "@perennial/ui/icons";
import { useQuery } from "@tanstack/react-query";

import { useSpoken } from "../../i18n/spoken";
import { useMay } from "../../session/may";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { LinkButton } from "../../shell/link-button";
import { Calendar } from "./calendar";
import { CampaignTable } from "./campaign-table";

/** Every campaign: when it is open, where it stands, what is left of its budget. */
export function CampaignsScreen() {
  const { t } = useLingui();
  const campaigns = useQuery(campaignListOptions({ query: useSpoken() }));
  return (
    <Page
      title={t`Campaigns`}
      intro={t`What gives more for a while: a happy hour, double points before a holiday, a gift on a birthday.`}
      actions={<NewCampaign />}
    >
      <Stack gap="lg">
        <Calendar />
        <Panel title={t`All campaigns`} flush>
          <Answer query={campaigns}>
            {({ data }) =>
              data.length === 0 ? (
                <EmptyState icon={<IconCalendar size={26} />} title={t`No campaign yet`}>
                  <Trans>A campaign opens and closes by itself, for those whom you choose, and stops when its budget is used up.</Trans>
                </EmptyState>
              ) : (
                <CampaignTable campaigns={data} />
              )
            }
          </Answer>
        </Panel>
      </Stack>
    </Page>
  );
}

function NewCampaign() {
  const { code: workspace } = useWorkspace();
  const may = useMay("programs");
  const programs = useQuery(programListOptions()).data?.data ?? [];
  if (!may || programs.length === 0) return null;
  return (
    <LinkButton to="/$workspace/new-campaign" params={{ workspace }} leftSection={<IconPlus size={16} aria-hidden />}>
      <Trans>New campaign</Trans>
    </LinkButton>
  );
}
