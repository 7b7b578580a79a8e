import { Trans, useLingui } from "@lingui/react/macro";
import { customerExport } from "@perennial/api-admin";
import { ReasonDialog } from "@perennial/forms";

import { useSaveFile } from "../../shell/use-save-file";

/** Everything known of a member as a file, for a reason that the audit log keeps. */
export default function ExportDialog({ customer, onClose }: { customer: string; onClose: () => void }) {
  const { t } = useLingui();
  const { save, busy } = useSaveFile(
    (reason: string) => customerExport({ path: { id: customer }, query: { reason }, parseAs: "text", throwOnError: true }),
    () => `${customer}.json`,
    t`Nothing was exported`,
    "application/json",
  );
  return (
    <ReasonDialog
      opened
      title={t`Export ${customer}`}
      action={t`Export everything known`}
      busy={busy}
      onClose={onClose}
      onConfirm={(reason) => {
        save(reason, { onSuccess: onClose });
      }}
    >
      <Trans>A file with everything that is known of this person. The audit log keeps who took it, and why.</Trans>
    </ReasonDialog>
  );
}
