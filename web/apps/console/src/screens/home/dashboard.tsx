import { Trans, useLingui } from "@lingui/react/macro";
import type { ReportView } from "@perennial/api-admin";
import { programListOptions, reportListOptions } from "@perennial/api-admin/queries";
import { Panel, Stack, StatRow } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";

import type { Asked } from "../../reports/asked";
import { useSpoken } from "../../i18n/spoken";
import { Filters } from "../../reports/filters";
import { useLiveReport } from "../../reports/live";
import { ReportChart } from "../../reports/report-chart";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { type Drawn, Figure } from "./figure";
import classes from "./home.module.css";

const FIGURES: readonly Drawn[] = [
  { report: "members", column: "members" },
  { report: "active-members", column: "active" },
  { report: "active-members", column: "share" },
  { report: "points", column: "issued" },
  { report: "points", column: "used" },
  { report: "points", column: "expired" },
  { report: "liability", column: "outstanding" },
  { report: "redemption-rate", column: "rate", byReport: true },
  { report: "returning-orders", column: "share", byReport: true },
  { report: "orders", column: "average_order", only: { who: "member" } },
  { report: "orders", column: "average_order", only: { who: "other" } },
  { report: "orders", column: "frequency", only: { who: "member" } },
];
const CHARTS = ["points", "liability", "members", "orders", "tiers", "tier-migration", "cohorts", "repeat-orders", "budget-burn-down"];
const FILTERS = ["program", "step", "segment"];

/** How the program does: figures with their formula, and charts; each one leads to its report. */
export function Dashboard() {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const asked = useSearch({ from: "/$workspace/" });
  const navigate = useNavigate();
  const programs = useQuery(programListOptions()).data?.data;
  const reports = useQuery(reportListOptions({ query: useSpoken() }));
  // Before anything is published there is nothing to report; the panel below says how to begin.
  if (programs === undefined || !programs.some(({ version }) => version !== null)) return null;
  const ask = (search: Asked) => {
    void navigate({ to: "/$workspace", params: { workspace }, search, replace: true });
  };
  return (
    <Answer query={reports}>
      {({ data }) => {
        const known = new Map(data.map((report) => [report.name, report]));
        return (
          <Stack gap="lg" role="group" aria-label={t`How the program does`}>
            <Filters asked={asked} parameters={FILTERS} onChange={ask} />
            <StatRow>
              {FIGURES.map((drawn) => {
                const report = known.get(drawn.report);
                return report && <Figure key={`${drawn.report} ${drawn.column} ${JSON.stringify(drawn.only)}`} drawn={drawn} asked={asked} report={report} />;
              })}
            </StatRow>
            <div className={classes.charts}>
              {CHARTS.map((name) => {
                const report = known.get(name);
                return report && <Drawing key={name} report={report} asked={asked} />;
              })}
            </div>
          </Stack>
        );
      }}
    </Answer>
  );
}

function Drawing({ report, asked }: { report: ReportView; asked: Asked }) {
  const { code: workspace } = useWorkspace();
  const result = useLiveReport(report.name, asked, report.parameters);
  return (
    <Panel
      title={<bdi>{report.title}</bdi>}
      hint={<bdi>{report.description}</bdi>}
      actions={
        <Link to="/$workspace/reports/$report" params={{ workspace, report: report.name }} search={asked} className={classes.whole}>
          <Trans>The whole report</Trans>
        </Link>
      }
    >
      <div className={classes.drawing}>
        <Answer query={result}>{(data) => <ReportChart result={data} />}</Answer>
      </div>
    </Panel>
  );
}
