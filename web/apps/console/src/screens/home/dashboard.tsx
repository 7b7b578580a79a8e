import { useLingui } from "@lingui/react/macro";
import { programListOptions, reportListOptions } from "@perennial/api-admin/queries";
import { Stack, StatRow } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import type { Asked } from "../../reports/asked";
import { useSpoken } from "../../i18n/spoken";
import { Filters } from "../../reports/filters";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { Charts } from "./charts";
import { Figure } from "./figure";
import { CHARTS, FIGURES } from "./shown";

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
            <Charts reports={CHARTS.flatMap((name) => known.get(name) ?? [])} asked={asked} />
          </Stack>
        );
      }}
    </Answer>
  );
}
