import { useLingui } from "@lingui/react/macro";
import type { ColumnView, ReportResult } from "@perennial/api-admin";

import { useFormat } from "../i18n/format";
import type { Cell } from "./shape";

const SHORT_NUMBER = 10_000;

export interface Say {
  /** A value of a column as people read it. */
  cell: (column: ColumnView, value: Cell | undefined) => string;
  /** The same where there is little room. */
  short: (column: ColumnView, value: number) => string;
}

/** Says what stands in a report: by the kind of the column, in the currency and unit of the program. */
export function useSay(result: ReportResult): Say {
  const { t, i18n } = useLingui();
  const format = useFormat();
  const compact = new Intl.NumberFormat(i18n.locale, { notation: "compact", maximumFractionDigits: 1 });
  const month = new Intl.DateTimeFormat(i18n.locale, { month: "short", year: "numeric", timeZone: "UTC" });
  const wholeMonths = result.step === "month" && result.from.endsWith("-01");
  const cell = ({ name, kind }: ColumnView, value: Cell | undefined): string => {
    if (value == null) return "–";
    if (typeof value === "string") {
      if (kind === "period") return wholeMonths ? month.format(new Date(value)) : format.day(value);
      if (kind === "day") return format.day(value);
      return value === "" ? t`None` : (result.names[name]?.[value] ?? value);
    }
    if (kind === "money") return format.money(value, result.currency);
    if (kind === "points") return format.points(value, result.point_decimals);
    if (kind === "share") return format.percent(value);
    return format.number(value, kind === "number" ? 2 : 0);
  };
  return {
    cell,
    short: (column, value) => {
      if (column.kind === "points") return compact.format(value / 10 ** result.point_decimals);
      const large = Math.abs(value) >= SHORT_NUMBER && column.kind !== "share" && column.kind !== "money";
      return large ? compact.format(value) : cell(column, value);
    },
  };
}
