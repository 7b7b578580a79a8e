import { Trans, useLingui } from "@lingui/react/macro";
import { Button, Code, DataTable, Group, Text } from "@perennial/ui";
import { IconDownload } from "@perennial/ui/icons";
import { useState } from "react";

import { useFormat } from "../../i18n/format";
import { saveFile } from "../../shell/save-file";
import type { BadRow } from "./check";

const SHOWN = 100;

/** Every row that is left out, with its line in the file and the reason. */
export function BadRows({ rows }: { rows: readonly BadRow[] }) {
  const { t } = useLingui();
  const format = useFormat();
  const [shown, setShown] = useState(SHOWN);
  const reason = ({ message }: BadRow) => {
    if (typeof message === "string") return message;
    if ("missing" in message) return t`There is no code in this row.`;
    if ("long" in message) return t`It is longer than a code may be.`;
    return t`The same code is in line ${format.number(message.twice)}.`;
  };
  return (
    <>
      <DataTable
        label={t`Rows that would be left out`}
        columns={[
          { id: "line", title: t`Line`, numeric: true, cell: ({ line }) => format.number(line) },
          { id: "code", title: t`Code`, cell: ({ code }) => (code === "" ? "–" : <Code dir="ltr">{code}</Code>) },
          { id: "customer", title: t`Customer`, cell: ({ customer }) => <bdi>{customer === "" ? "–" : customer}</bdi> },
          { id: "why", title: t`Why`, cell: (row) => <span dir="auto">{reason(row)}</span> },
        ]}
        rows={rows.slice(0, shown)}
        keyOf={(row) => row.line}
      />
      <Group gap="sm">
        {rows.length > shown && (
          <Button
            variant="default"
            size="xs"
            onClick={() => {
              setShown(rows.length);
            }}
          >
            <Trans>Show all {format.number(rows.length)}</Trans>
          </Button>
        )}
        <Button
          variant="default"
          size="xs"
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={() => {
            const lines = rows.map((row) => [String(row.line), row.code, row.customer, reason(row)].map(quoted).join(","));
            saveFile("left-out.csv", ["line,code,customer,why", ...lines, ""].join("\n"));
          }}
        >
          <Trans>Save these rows</Trans>
        </Button>
        <Text size="sm" c="dimmed">
          <Trans>Mend them in your list and check again, or go on without them.</Trans>
        </Text>
      </Group>
    </>
  );
}

/** A field of CSV; what a spreadsheet would take for a formula gets a quote in front. */
function quoted(field: string): string {
  const safe = /^[=+\-@\t\r]/.test(field) ? `'${field}` : field;
  return `"${safe.replace(/"/g, '""')}"`;
}
