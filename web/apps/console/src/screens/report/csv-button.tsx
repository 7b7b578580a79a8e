import { useLingui } from "@lingui/react/macro";
import { reportGet, type ReportView } from "@perennial/api-admin";
import { Button, tellFailed } from "@perennial/ui";
import { useState } from "react";

import { type Asked, queryOf } from "../../reports/asked";
import { toldBy } from "../../shell/problem";
import { saveFile } from "../../shell/save-file";

/** The same figures as a file for a spreadsheet. */
export function CsvButton({ report, asked }: { report: ReportView; asked: Asked }) {
  const { t } = useLingui();
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    try {
      const query = { ...queryOf(asked, report.parameters), format: "csv" };
      const { data } = await reportGet({ path: { name: report.name }, query, parseAs: "text", throwOnError: true });
      saveFile(`${report.name}.csv`, String(data), "text/csv");
    } catch (error) {
      tellFailed(t`The file could not be made`, toldBy(error).detail);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button variant="default" size="xs" loading={busy} onClick={() => void save()}>
      {t`Save as CSV`}
    </Button>
  );
}
