import { Trans, useLingui } from "@lingui/react/macro";
import type { CampaignView } from "@perennial/api-admin";
import { Badge, type Fact, Facts, Panel } from "@perennial/ui";
import { IconPower } from "@perennial/ui/icons";

import { useFormat } from "../../i18n/format";
import { useActor } from "../../session/use-actor";
import { useZones } from "../../program/use-zones";
import { useWorkspace } from "../../session/workspace";
import { LinkButton } from "../../shell/link-button";
import { STATES } from "../campaigns/states";

/** Where a campaign stands, and what it gives. */
export function CampaignFacts({ campaign }: { campaign: CampaignView }) {
  const { t } = useLingui();
  return (
    <Panel title={t`Where it stands`} actions={campaign.version !== null && <ToTheStopButton />}>
      <Facts facts={useFacts(campaign)} />
    </Panel>
  );
}

function ToTheStopButton() {
  const { code: workspace } = useWorkspace();
  return (
    <LinkButton
      to="/$workspace/switches"
      params={{ workspace }}
      variant="default"
      size="xs"
      leftSection={<IconPower size={14} aria-hidden />}
    >
      <Trans>Stop button</Trans>
    </LinkButton>
  );
}

function useFacts(campaign: CampaignView): Fact[] {
  const { t } = useLingui();
  const format = useFormat();
  const actorOf = useActor();
  const zone = useZones()(campaign.program);
  const { opens_at: opens, closes_at: closes, paused_by: paused } = campaign;
  const gives: Fact[] = [
    { label: t`Multiplies points by`, value: campaign.multiplier },
    { label: t`Earning rules`, value: inline(campaign.rules) },
    { label: t`Rewards`, value: inline(campaign.rewards) },
    { label: t`Messages`, value: inline(campaign.messages) },
    { label: t`Codes`, value: inline(campaign.codes) },
  ].filter(({ value }) => value !== null);
  return [
    { label: t`State`, value: <Badge tone={STATES[campaign.state].tone}>{t(STATES[campaign.state].label)}</Badge> },
    ...(paused === null
      ? []
      : [{ label: t`Stopped because`, value: <bdi>{t`${paused.reason}, by ${actorOf(paused.actor)}, ${format.moment(paused.off_at)}`}</bdi> }]),
    { label: t`Opens`, value: opens === null ? t`is open` : format.moment(opens, zone) },
    { label: t`Closes`, value: closes === null ? t`not within a year` : format.moment(closes, zone) },
    { label: t`Priority`, value: format.number(campaign.priority) },
    ...gives,
  ];
}

function inline(ids: readonly string[]) {
  return ids.length === 0 ? null : <bdi>{ids.join(", ")}</bdi>;
}
