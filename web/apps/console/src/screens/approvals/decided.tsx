import { useLingui } from "@lingui/react/macro";
import type { ApprovalView } from "@perennial/api-admin";
import { Badge, DataTable, Panel, Text } from "@perennial/ui";

import { useFormat } from "../../i18n/format";
import { useProgramName } from "../../program/use-program-name";
import { useActor } from "../../session/use-actor";
import { aboutOf, failureIn, oddIn } from "./summary";
import { KINDS, STATES } from "./words";

/** What was decided, the latest first, with what is odd about a version and why something could not be done. */
export function Decided({ approvals }: { approvals: readonly ApprovalView[] }) {
  const { t } = useLingui();
  const format = useFormat();
  const actorOf = useActor();
  const nameOf = useProgramName();
  return (
    <Panel title={t`Decided`} flush>
      <DataTable
        label={t`Decided`}
        columns={[
          {
            id: "what",
            title: t`What`,
            cell: ({ kind, summary, answer, state }) => {
              const words = KINDS[kind];
              const told = state === "failed" ? [failureIn(answer)] : oddIn(answer).map((odd) => odd.words);
              return (
                <>
                  {words === undefined ? kind : t(words)} <bdi>({aboutOf(summary, nameOf)})</bdi>
                  {told.map((each) => (
                    <Text key={each} size="xs" c="dimmed" dir="auto">
                      {each}
                    </Text>
                  ))}
                </>
              );
            },
          },
          { id: "by", title: t`Asked by`, cell: ({ requested_by: by }) => <bdi>{actorOf(by)}</bdi> },
          { id: "state", title: t`State`, cell: ({ state }) => <Badge tone={STATES[state].tone}>{t(STATES[state].words)}</Badge> },
          { id: "decided", title: t`Decided by`, cell: ({ decided_by: by }) => <bdi>{by == null ? "–" : actorOf(by)}</bdi> },
          { id: "at", title: t`When`, cell: ({ decided_at: at }) => (at == null ? "–" : format.moment(at)) },
          { id: "why", title: t`Reason`, cell: ({ reason }) => <span dir="auto">{reason ?? "–"}</span> },
        ]}
        rows={approvals}
        keyOf={(row) => row.approval}
      />
    </Panel>
  );
}
