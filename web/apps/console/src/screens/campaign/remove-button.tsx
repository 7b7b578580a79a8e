import { Trans, useLingui } from "@lingui/react/macro";
import type { CampaignDocument } from "@perennial/api-admin";
import { campaignDeleteMutation, campaignGetQueryKey, campaignListQueryKey } from "@perennial/api-admin/queries";
import { Button, tellDone, tellFailed } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { useWorkspace } from "../../session/workspace";
import { toldBy } from "../../shell/problem";
import { useSaveCampaign } from "./use-save-campaign";

/** Takes the campaign out of the draft; it ends with the next publication, and can be had back at once. */
export function RemoveButton({ answer }: { answer: CampaignDocument }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { code: workspace } = useWorkspace();
  const { program, id, name } = answer.campaign;
  const { save } = useSaveCampaign(program, id);
  const remove = useMutation({
    ...campaignDeleteMutation(),
    onSuccess: async ({ revision }) => {
      const before = JSON.stringify(answer.document);
      tellDone(t`${name} is out of the draft`, {
        label: t`Undo`,
        run: () => {
          save(before, revision, before);
        },
      });
      await navigate({ to: "/$workspace/campaigns", params: { workspace } });
      cache.removeQueries({ queryKey: campaignGetQueryKey({ path: { program, id } }) });
      return cache.invalidateQueries({ queryKey: campaignListQueryKey() });
    },
    onError: (error) => {
      tellFailed(t`Nothing was removed`, toldBy(error).detail);
    },
  });
  return (
    <Button
      variant="default"
      loading={remove.isPending}
      onClick={() => {
        remove.mutate({ path: { program, id }, query: { revision: answer.revision } });
      }}
    >
      <Trans>Remove from the draft</Trans>
    </Button>
  );
}
