import { Trans, useLingui } from "@lingui/react/macro";
import type { ReportResult, ReportView } from "@perennial/api-admin";
import { reportListOptions } from "@perennial/api-admin/queries";
import { Page, Panel, Stack } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";

import type { Asked } from "../../reports/asked";
import { useSpoken } from "../../i18n/spoken";
import { Filters } from "../../reports/filters";
import { useLiveReport } from "../../reports/live";
import { ReportChart } from "../../reports/report-chart";
import { ReportTable } from "../../reports/report-table";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { CsvButton } from "./csv-button";
import classes from "./report.module.css";

/** One report, drawn from what the server says of it. */
export function ReportScreen() {
  const { report: name } = useParams({ from: "/$workspace/reports/$report" });
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const reports = useQuery(reportListOptions({ query: useSpoken() }));
  const found = reports.data?.data.find((report) => report.name === name);
  return (
    <Page
      title={<bdi>{found?.title ?? name}</bdi>}
      intro={found !== undefined && <bdi>{found.description}</bdi>}
      trail={
        <Link to="/$workspace/reports" params={{ workspace }}>
          {t`Reports`}
        </Link>
      }
    >
      <Answer query={reports}>{() => (found === undefined ? <Trans>There is no such report.</Trans> : <One report={found} />)}</Answer>
    </Page>
  );
}

function One({ report }: { report: ReportView }) {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const asked = useSearch({ from: "/$workspace/reports/$report" });
  const navigate = useNavigate();
  const result = useLiveReport(report.name, asked, report.parameters);
  const ask = (search: Asked) => {
    void navigate({ to: "/$workspace/reports/$report", params: { workspace, report: report.name }, search, replace: true });
  };
  return (
    <Stack gap="lg">
      <Panel title={t`Chart`} actions={<CsvButton report={report} asked={asked} />}>
        <Stack gap="md">
          <Filters asked={asked} parameters={report.parameters} onChange={ask} />
          <Answer query={result}>{(data: ReportResult) => <ReportChart result={data} />}</Answer>
        </Stack>
      </Panel>
      {report.chart !== "table" && (
        <Panel title={t`Figures`} flush>
          <Answer query={result}>{(data: ReportResult) => <ReportTable result={data} />}</Answer>
        </Panel>
      )}
      <Panel title={t`How it is worked out`}>
        <dl className={classes.formulas}>
          {report.columns.map(({ name, title, formula }) =>
            formula === undefined || formula === "" ? null : (
              <div key={name}>
                <dt>
                  <bdi>{title}</bdi>
                </dt>
                <dd>
                  <bdi>{formula}</bdi>
                </dd>
              </div>
            ),
          )}
        </dl>
      </Panel>
    </Stack>
  );
}
