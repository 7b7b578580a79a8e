import { useLingui } from "@lingui/react/macro";
import { reportGet, type ReportView } from "@perennial/api-admin";
import { Button } from "@perennial/ui";

import { type Asked, queryOf } from "../../reports/asked";
import { useSaveFile } from "../../shell/use-save-file";

/** The same figures as a file for a spreadsheet. */
export function CsvButton({ report, asked }: { report: ReportView; asked: Asked }) {
  const { t } = useLingui();
  const { save, busy } = useSaveFile(
    () => reportGet({ path: { name: report.name }, query: { ...queryOf(asked, report.parameters), format: "csv" }, parseAs: "text", throwOnError: true }),
    () => `${report.name}.csv`,
    t`The file could not be made`,
  );
  return (
    <Button
      variant="default"
      size="xs"
      loading={busy}
      onClick={() => {
        save();
      }}
    >
      {t`Save as CSV`}
    </Button>
  );
}
