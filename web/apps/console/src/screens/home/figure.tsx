import { Trans } from "@lingui/react/macro";
import type { ReportResult, ReportView } from "@perennial/api-admin";
import { Stat } from "@perennial/ui";

import type { Asked } from "../../reports/asked";
import { useLiveReport } from "../../reports/live";
import { useSay } from "../../reports/say";
import { lastTwo } from "../../reports/shape";
import classes from "./home.module.css";
import type { Drawn } from "./shown";

/** One figure of a report in its last period, beside the one before, with the report's own words and formula. */
export function Figure({ drawn, asked, report }: { drawn: Drawn; asked: Asked; report: ReportView }) {
  const { data } = useLiveReport(drawn.report, asked, report.parameters);
  if (data !== undefined) return <Known drawn={drawn} result={data} />;
  const title = drawn.byReport === true ? report.title : report.columns.find(({ name }) => name === drawn.column)?.title;
  return <Stat label={title ?? "…"} value="–" note={<span className={classes.awaited} />} />;
}

function Known({ drawn, result }: { drawn: Drawn; result: ReportResult }) {
  const say = useSay(result);
  const column = result.report.columns.find(({ name }) => name === drawn.column);
  if (column === undefined) return null;
  const [now, before] = lastTwo(result, drawn.column, drawn.only);
  const split = Object.entries(drawn.only ?? {}).flatMap(([name, value]) => result.report.columns.filter((each) => each.name === name).map((each) => say.cell(each, value)));
  const label = [drawn.byReport === true ? result.report.title : column.title, ...split].join(" · ");
  const formula = column.formula ?? "";
  return (
    <Stat
      label={label}
      value={say.cell(column, now)}
      {...(before != null && { note: <Trans>so far; {say.cell(column, before)} in the whole period before</Trans> })}
      {...(formula !== "" && { formula })}
    />
  );
}
