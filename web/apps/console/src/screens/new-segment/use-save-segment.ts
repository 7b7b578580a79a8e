import { useLingui } from "@lingui/react/macro";
import { segmentList, segmentPut } from "@perennial/api-admin";
import { segmentListQueryKey } from "@perennial/api-admin/queries";
import { tellDone, tellFailed } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { useWorkspace } from "../../session/workspace";
import { freeId, idOf } from "../../shell/ids";
import { toldBy } from "../../shell/problem";

interface Saving {
  name: string;
  program: string;
  when: Record<string, unknown>;
}

/** Saves a segment under an id that no other one has, and goes there. */
export function useSaveSegment() {
  const { t } = useLingui();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { code: workspace } = useWorkspace();
  const mutation = useMutation({
    mutationFn: async (body: Saving) => {
      const { data } = await segmentList({ throwOnError: true });
      const id = freeId(idOf(body.name, "segment", new Date()), data.data);
      await segmentPut({ path: { id }, body, throwOnError: true });
      return id;
    },
    onSuccess: async (segment) => {
      tellDone(t`The segment is saved`);
      await cache.invalidateQueries({ queryKey: segmentListQueryKey() });
      await navigate({ to: "/$workspace/segments/$segment", params: { workspace, segment } });
    },
    onError: (error) => {
      const told = toldBy(error);
      tellFailed(t`The segment was not saved`, told.words);
    },
  });
  return { save: mutation.mutate, busy: mutation.isPending };
}
