import { useLingui } from "@lingui/react/macro";
import { batchExport } from "@perennial/api-admin";

import { useSaveFile } from "../shell/use-save-file";

/** All codes of a batch as a CSV file; the audit log notes who took them. */
export function useExportCodes() {
  const { t } = useLingui();
  const { save, busy } = useSaveFile(
    (batch: string) => batchExport({ path: { id: batch }, parseAs: "text", throwOnError: true }),
    (batch) => `${batch}.csv`,
    t`The codes were not exported`,
  );
  return { exportCodes: save, busy };
}
