import { useLingui } from "@lingui/react/macro";
import { draftGet, draftPut } from "@perennial/api-admin";
import { draftGetQueryKey } from "@perennial/api-admin/queries";
import { tellDone, tellFailed } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { setFields, valueOf } from "../../editor/document";
import { useWorkspace } from "../../session/workspace";
import { toldBy } from "../../shell/problem";
import { type Plan, planned } from "./plan";

class Unreadable extends Error {}

/** Puts an experiment into the draft of its program, and goes there to publish it. */
export function useAddTrial() {
  const { t } = useLingui();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { code: workspace } = useWorkspace();
  const mutation = useMutation({
    mutationFn: async (plan: Plan) => {
      const path = { id: plan.program };
      const { data: before } = await draftGet({ path, throwOnError: true });
      const document = valueOf(before.document);
      if (document === undefined) throw new Unreadable();
      const { data } = await draftPut({
        path,
        query: { revision: before.revision },
        body: setFields(before.document, document, planned(document, plan, new Date())),
        bodySerializer: (body: unknown) => String(body),
        headers: { "Content-Type": "application/yaml" },
        throwOnError: true,
      });
      return data;
    },
    onSuccess: async (saved, { program }) => {
      cache.setQueryData(draftGetQueryKey({ path: { id: program } }), saved);
      tellDone(t`The experiment is in the draft: publish it, and it begins`);
      await navigate({ to: "/$workspace/programs/$program", params: { workspace, program } });
    },
    onError: (error) => {
      tellFailed(t`The experiment was not added`, error instanceof Unreadable ? t`The draft of the program cannot be read. Mend its text first.` : toldBy(error).words);
    },
  });
  return { add: mutation.mutate, busy: mutation.isPending };
}
