import { Trans } from "@lingui/react/macro";
import type { CampaignView } from "@perennial/api-admin";
import { Alert } from "@perennial/ui";
import { IconInfoCircle } from "@perennial/ui/icons";
import { Link } from "@tanstack/react-router";

import { useWorkspace } from "../../session/workspace";

/** What the next publication of the program will do to this campaign, if anything. */
export function Unpublished({ campaign }: { campaign: CampaignView }) {
  const { code: workspace } = useWorkspace();
  if (campaign.version !== null && campaign.in_draft && !campaign.changed) return null;
  return (
    <Alert variant="default" icon={<IconInfoCircle size={18} aria-hidden />}>
      <What campaign={campaign} />{" "}
      <Link to="/$workspace/programs/$program" params={{ workspace, program: campaign.program }}>
        <Trans>See the draft and publish it</Trans>
      </Link>
    </Alert>
  );
}

function What({ campaign: { version, in_draft: drafted } }: { campaign: CampaignView }) {
  if (version === null) return <Trans>Only the draft has this campaign: it gives nothing until the program is published.</Trans>;
  if (drafted) return <Trans>The draft says something else than the version that runs.</Trans>;
  return <Trans>The draft has no such campaign any more: it ends when the program is published.</Trans>;
}
