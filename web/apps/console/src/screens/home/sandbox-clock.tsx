import { useLingui } from "@lingui/react/macro";
import { clockGetOptions } from "@perennial/api-admin/queries";
import { Stat } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";
import { useWorkspace } from "../../session/workspace";

/** What time it is for the programs of a sandbox. */
export function SandboxClock() {
  const { t } = useLingui();
  const format = useFormat();
  const workspace = useWorkspace();
  const clock = useQuery({ ...clockGetOptions(), enabled: workspace.sandbox });
  if (!workspace.sandbox) return null;
  return (
    <Stat
      label={t`Time in this sandbox`}
      value={clock.data === undefined ? "–" : format.date(clock.data.now)}
      note={t`Moves on when the clock is advanced`}
    />
  );
}
