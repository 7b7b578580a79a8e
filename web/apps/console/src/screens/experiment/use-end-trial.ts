import { useLingui } from "@lingui/react/macro";
import { draftGet, draftPut } from "@perennial/api-admin";
import { draftGetQueryKey } from "@perennial/api-admin/queries";
import { tellDone, tellFailed } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { useWorkspace } from "../../session/workspace";
import { toldBy } from "../../shell/problem";
import { hasTrial, rolledOut } from "./roll-out";

class NotInTheDraft extends Error {}

/** Ends an experiment in the draft of its program, with one variant for everybody, and goes there to publish it. */
export function useEndTrial(program: string, trial: string) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { code: workspace } = useWorkspace();
  const put = async (text: string, revision: number) => {
    const { data } = await draftPut({
      path: { id: program },
      query: { revision },
      body: text,
      bodySerializer: (body: unknown) => String(body),
      headers: { "Content-Type": "application/yaml" },
      throwOnError: true,
    });
    cache.setQueryData(draftGetQueryKey({ path: { id: program } }), data);
    return data;
  };
  const undo = useMutation({
    mutationFn: ({ text, revision }: { text: string; revision: number }) => put(text, revision),
    onError: (error) => {
      tellFailed(t`The draft was not saved`, toldBy(error).detail);
    },
  });
  const mutation = useMutation({
    mutationFn: async (variant: string) => {
      const { data: before } = await draftGet({ path: { id: program }, throwOnError: true });
      const { setFields, valueOf } = await import("../../editor/document");
      const document = valueOf(before.document);
      if (document === undefined || !hasTrial(document, trial)) throw new NotInTheDraft();
      const text = setFields(before.document, document, rolledOut(document, trial, variant));
      return { before, saved: await put(text, before.revision) };
    },
    onSuccess: async ({ before, saved }) => {
      tellDone(t`It is in the draft: publish it, and it holds for everybody`, {
        label: t`Undo`,
        run: () => {
          undo.mutate({ text: before.document, revision: saved.revision });
        },
      });
      await navigate({ to: "/$workspace/programs/$program", params: { workspace, program } });
    },
    onError: (error) => {
      const words = error instanceof NotInTheDraft ? t`The draft of the program has no such experiment any more.` : toldBy(error).detail;
      tellFailed(t`Nothing was ended`, words);
    },
  });
  return { end: mutation.mutate, busy: mutation.isPending };
}
