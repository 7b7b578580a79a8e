import { useLingui } from "@lingui/react/macro";
import {
  type BrandBody,
  draftPut,
  programList,
  programPublish,
  type ProgramTemplateEntry,
  templatePreview,
  type TemplateBody,
} from "@perennial/api-admin";
import { tellDone, tellFailed } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { useKeepColors } from "../../program/use-colors";
import { useWorkspace } from "../../session/workspace";
import { freeId, idOf } from "../../shell/ids";
import { toldBy } from "../../shell/problem";

/**
 * Makes the program under an id that no other one has, published or not, and goes on to what is next. The workspace
 * gets the colors first, if others were chosen.
 */
export function useBegin(template: ProgramTemplateEntry, own: TemplateBody, colors: BrandBody | undefined) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { code: workspace } = useWorkspace();
  const keepColors = useKeepColors();
  const mutation = useMutation({
    mutationFn: async (publish: boolean) => {
      if (colors !== undefined) await keepColors(colors);
      const { data } = await programList({ throwOnError: true });
      const taken = data.data.map(({ program: id }) => ({ id }));
      const program = freeId(idOf(own.name ?? template.id, "program", new Date()), taken);
      const preview = await templatePreview({ path: { id: template.id }, body: { ...own, program }, throwOnError: true });
      await draftPut({
        path: { id: program },
        body: preview.data.document,
        bodySerializer: (body: unknown) => String(body),
        headers: { "Content-Type": "application/yaml" },
        throwOnError: true,
      });
      if (!publish) return { program, published: false, asked: false };
      const published = await programPublish({ path: { id: program }, body: {}, throwOnError: true });
      const asked = "approval" in published.data;
      return { program, published: !asked, asked };
    },
    onSuccess: async ({ program, published, asked }) => {
      if (asked) tellDone(t`The draft is saved; somebody else has to approve that it is published`);
      else tellDone(published ? t`The program runs` : t`The draft is saved`);
      await cache.invalidateQueries();
      if (published) await navigate({ to: "/$workspace/launch", params: { workspace } });
      else await navigate({ to: "/$workspace/programs/$program", params: { workspace, program } });
    },
    onError: async (error) => {
      const told = toldBy(error);
      tellFailed(t`The program was not created`, told.words);
      await cache.invalidateQueries();
    },
  });
  const busy: "draft" | "publish" | undefined = mutation.isPending ? (mutation.variables ? "publish" : "draft") : undefined;
  return { begin: mutation.mutate, busy };
}
