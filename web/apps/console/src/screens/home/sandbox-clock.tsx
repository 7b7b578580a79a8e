import { useLingui } from "@lingui/react/macro";
import { Stat } from "@perennial/ui";

import { useFormat } from "../../i18n/format";
import { useNow } from "../../session/clock";
import { useWorkspace } from "../../session/workspace";

/** What time it is for the programs of a sandbox. */
export function SandboxClock() {
  const { t } = useLingui();
  const format = useFormat();
  const { sandbox } = useWorkspace();
  const now = useNow();
  if (!sandbox) return null;
  return (
    <Stat
      label={t`Time in this sandbox`}
      value={now === undefined ? "–" : format.date(now.toISOString())}
      note={t`Moves on when the clock is advanced`}
    />
  );
}
