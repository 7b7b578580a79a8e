import { useLingui } from "@lingui/react/macro";
import { draftPut, type DraftView } from "@perennial/api-admin";
import { draftGetQueryKey } from "@perennial/api-admin/queries";
import { tellDone, tellFailed } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { toldBy } from "../../shell/problem";

interface Saving {
  text: string;
  /** The revision that was read; another one by now is not written over. */
  revision: number;
}

/** Saves the draft; what was there before can be had back at once. */
export function useSaveDraft(program: string) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const key = draftGetQueryKey({ path: { id: program } });
  const mutation = useMutation({
    mutationFn: async ({ text, revision }: Saving) => {
      const { data } = await draftPut({
        path: { id: program },
        query: { revision },
        body: text,
        bodySerializer: (body: unknown) => String(body),
        headers: { "Content-Type": "application/yaml" },
        throwOnError: true,
      });
      return data;
    },
    onSuccess: (saved) => {
      cache.setQueryData(key, saved);
    },
    onError: (error) => {
      const told = toldBy(error);
      const isOutdated = told.code === "draft_changed";
      tellFailed(t`The draft was not saved`, isOutdated ? t`The draft was saved by somebody else meanwhile` : told.detail);
      // What they saved is read at once: the editor then says what saving again would replace.
      if (isOutdated) void cache.invalidateQueries({ queryKey: key });
    },
  });
  function save(text: string, before: DraftView, done: (saved: DraftView, sent: string) => void): void {
    mutation.mutate(
      { text, revision: before.revision },
      {
        onSuccess: (saved) => {
          done(saved, text);
          tellDone(t`The draft is saved`, {
            label: t`Undo`,
            run: () => {
              mutation.mutate({ text: before.document, revision: saved.revision });
            },
          });
        },
      },
    );
  }
  return { save, busy: mutation.isPending };
}
