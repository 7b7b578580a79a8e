import { useLingui } from "@lingui/react/macro";
import { segmentHistoryOptions } from "@perennial/api-admin/queries";
import { type Column, DataTable, Panel } from "@perennial/ui";
import type { SegmentDay } from "@perennial/api-admin";
import { useQuery } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";

const SHOWN = 14;

/** On which days somebody entered or left, the latest first. */
export function OverTime({ segment }: { segment: string }) {
  const { t } = useLingui();
  const columns = useColumns();
  const { data } = useQuery(segmentHistoryOptions({ path: { id: segment } }));
  const days = (data?.data ?? []).slice(-SHOWN).reverse();
  if (days.length === 0) return null;
  return (
    <Panel title={t`Size over time`} hint={t`The latest days on which somebody entered or left.`} flush>
      <DataTable label={t`Size over time`} columns={columns} rows={days} keyOf={({ date }) => date} />
    </Panel>
  );
}

function useColumns(): Column<SegmentDay>[] {
  const { t } = useLingui();
  const format = useFormat();
  return [
    { id: "date", title: t({ message: "Day", context: "date" }), cell: ({ date }) => format.day(date) },
    { id: "entered", title: t`Entered`, numeric: true, cell: ({ entered }) => format.number(entered) },
    { id: "left", title: t`Left`, numeric: true, cell: ({ left }) => format.number(left) },
    { id: "size", title: t`Size`, numeric: true, cell: ({ size }) => format.number(size) },
  ];
}
