import { useLingui } from "@lingui/react/macro";
import type { ApprovalView } from "@perennial/api-admin";
import { Badge, DataTable, Panel } from "@perennial/ui";

import { useFormat } from "../../i18n/format";
import { KINDS, STATES } from "./words";

/** What was decided, the latest first. */
export function Decided({ approvals }: { approvals: readonly ApprovalView[] }) {
  const { t } = useLingui();
  const format = useFormat();
  return (
    <Panel title={t`Decided`} flush>
      <DataTable
        label={t`Decided`}
        columns={[
          {
            id: "what",
            title: t`What`,
            cell: ({ kind, object }) => {
              const words = KINDS[kind];
              return (
                <>
                  {words === undefined ? kind : t(words)} <bdi>({object})</bdi>
                </>
              );
            },
          },
          { id: "by", title: t`Asked by`, cell: ({ requested_by: by }) => <bdi>{by}</bdi> },
          { id: "state", title: t`State`, cell: ({ state }) => <Badge tone={STATES[state].tone}>{t(STATES[state].words)}</Badge> },
          { id: "decided", title: t`Decided by`, cell: ({ decided_by: by }) => <bdi>{by ?? "–"}</bdi> },
          { id: "at", title: t`When`, cell: ({ decided_at: at }) => (at == null ? "–" : format.moment(at)) },
          { id: "why", title: t`Reason`, cell: ({ reason }) => <span dir="auto">{reason ?? "–"}</span> },
        ]}
        rows={approvals}
        keyOf={(row) => row.approval}
      />
    </Panel>
  );
}
