import { useLingui } from "@lingui/react/macro";
import { batchExport } from "@perennial/api-admin";
import { tellFailed } from "@perennial/ui";
import { useMutation } from "@tanstack/react-query";

import { toldBy } from "../shell/problem";
import { saveFile } from "../shell/save-file";

/** All codes of a batch as a CSV file; the audit log notes who took them. */
export function useExportCodes() {
  const { t } = useLingui();
  const mutation = useMutation({
    mutationFn: async (batch: string) => {
      const { data } = await batchExport({ path: { id: batch }, parseAs: "text", throwOnError: true });
      saveFile(`${batch}.csv`, String(data));
    },
    onError: (error) => {
      tellFailed(t`The codes were not exported`, toldBy(error).detail);
    },
  });
  return { exportCodes: mutation.mutate, busy: mutation.isPending };
}
