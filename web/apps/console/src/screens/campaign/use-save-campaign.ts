import { useLingui } from "@lingui/react/macro";
import { type CampaignDocument, campaignPut } from "@perennial/api-admin";
import { campaignGetQueryKey, campaignListQueryKey } from "@perennial/api-admin/queries";
import { tellDone, tellFailed } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { useSpoken } from "../../i18n/spoken";
import { toldBy } from "../../shell/problem";

interface Saving {
  text: string;
  /** The draft that was read; one that somebody else saved meanwhile is not written over. */
  revision: number;
}

/** Puts a campaign into the draft; what was there before can be had back at once. */
export function useSaveCampaign(program: string, id: string) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const spoken = useSpoken();
  const mutation = useMutation({
    mutationFn: async ({ text, revision }: Saving) => {
      const { data } = await campaignPut({
        path: { program, id },
        query: { revision },
        body: text,
        bodySerializer: (body: unknown) => String(body),
        headers: { "Content-Type": "application/yaml" },
        throwOnError: true,
      });
      return data;
    },
    onSuccess: async (saved) => {
      // What it says of budgets is in English: the screen reads it once more in the language spoken.
      cache.setQueryData(campaignGetQueryKey({ path: { program, id }, query: spoken }), saved);
      await Promise.all([
        cache.invalidateQueries({ queryKey: campaignGetQueryKey({ path: { program, id }, query: spoken }) }),
        cache.invalidateQueries({ queryKey: campaignListQueryKey() }),
      ]);
    },
    onError: (error) => {
      const told = toldBy(error);
      const isOutdated = told.code === "draft_changed";
      tellFailed(t`The campaign was not saved`, isOutdated ? t`The draft was saved by somebody else meanwhile` : told.words);
      if (isOutdated) void cache.invalidateQueries({ queryKey: campaignGetQueryKey({ path: { program, id }, query: spoken }) });
    },
  });
  function save(text: string, revision: number, before: string, done?: (saved: CampaignDocument, sent: string) => void): void {
    mutation.mutate(
      { text, revision },
      {
        onSuccess: (saved) => {
          done?.(saved, text);
          tellDone(t`Saved to the draft`, {
            label: t`Undo`,
            run: () => {
              mutation.mutate({ text: before, revision: saved.revision });
            },
          });
        },
      },
    );
  }
  return { save, busy: mutation.isPending };
}
