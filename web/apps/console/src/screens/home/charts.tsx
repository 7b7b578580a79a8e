import { Trans } from "@lingui/react/macro";
import type { ReportView } from "@perennial/api-admin";
import { Loading, Panel } from "@perennial/ui";
import { Link } from "@tanstack/react-router";
import { memo } from "react";

import type { Asked } from "../../reports/asked";
import { useLiveReport } from "../../reports/live";
import { ReportChart } from "../../reports/report-chart";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import classes from "./home.module.css";
import { useNear, useTurns } from "./turns";

/** Reports as charts, each with the way to the whole of it. Those near the window come first, the others in their order. */
export function Charts({ reports, asked }: { reports: readonly ReportView[]; asked: Asked }) {
  const turns = useTurns(reports.length);
  return (
    <div className={classes.charts}>
      {reports.map((report, place) => (
        <Drawing key={report.name} report={report} asked={asked} itsTurn={place < turns} />
      ))}
    </div>
  );
}

interface DrawingProps {
  report: ReportView;
  asked: Asked;
  itsTurn: boolean;
}

/** Kept as it is while the turns of the others come. */
const Drawing = memo(function Drawing({ report, asked, itsTurn }: DrawingProps) {
  const { code: workspace } = useWorkspace();
  const [place, near] = useNear();
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
      <div ref={place} className={classes.drawing}>
        {itsTurn || near ? <Drawn report={report} asked={asked} /> : <Loading />}
      </div>
    </Panel>
  );
});

function Drawn({ report, asked }: { report: ReportView; asked: Asked }) {
  const result = useLiveReport(report.name, asked, report.parameters);
  return <Answer query={result}>{(data) => <ReportChart result={data} />}</Answer>;
}
