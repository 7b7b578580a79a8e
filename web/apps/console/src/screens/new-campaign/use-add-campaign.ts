import { useLingui } from "@lingui/react/macro";
import { campaignList, campaignPut } from "@perennial/api-admin";
import { campaignListQueryKey, draftGetQueryKey } from "@perennial/api-admin/queries";
import { tellDone, tellFailed } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { useWorkspace } from "../../session/workspace";
import { freeId, idOf } from "../../shell/ids";
import { toldBy } from "../../shell/problem";
import { documentOf, type Plan } from "./plan";

/** Puts a new campaign into the draft of its program, and goes there. */
export function useAddCampaign() {
  const { t } = useLingui();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { code: workspace } = useWorkspace();
  const mutation = useMutation({
    mutationFn: addCampaign,
    onSuccess: async (campaign, { program }) => {
      tellDone(t`The campaign is in the draft`);
      await Promise.all([
        cache.invalidateQueries({ queryKey: campaignListQueryKey() }),
        cache.invalidateQueries({ queryKey: draftGetQueryKey({ path: { id: program } }) }),
      ]);
      await navigate({ to: "/$workspace/campaigns/$program/$campaign", params: { workspace, program, campaign } });
    },
    onError: (error) => {
      const told = toldBy(error);
      tellFailed(t`The campaign was not added`, told.words);
    },
  });
  return { add: mutation.mutate, busy: mutation.isPending };
}

/** Puts the campaign under an id that no other one has, and returns that. */
async function addCampaign(plan: Plan): Promise<string> {
  const { data } = await campaignList({ query: { program: plan.program }, throwOnError: true });
  const id = freeId(idOf(plan.name, "campaign", new Date()), data.data);
  await campaignPut({
    path: { program: plan.program, id },
    body: JSON.stringify(documentOf(plan, id)),
    bodySerializer: (body: unknown) => String(body),
    headers: { "Content-Type": "application/json" },
    throwOnError: true,
  });
  return id;
}
