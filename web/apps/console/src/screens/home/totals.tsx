import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { programListOptions, referralListOptions, switchListOptions } from "@perennial/api-admin/queries";
import { Stat, StatRow } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";
import { SandboxClock } from "./sandbox-clock";

const QUEUE_SHOWN = 100;
const DASH = "–";

/** The figures that say whether somebody has to look. */
export function Totals() {
  const { t } = useLingui();
  const format = useFormat();
  const programs = useQuery(programListOptions()).data?.data;
  const switches = useQuery(switchListOptions()).data?.data;
  const queue = useQuery(referralListOptions({ query: { state: "in_review", limit: QUEUE_SHOWN } })).data;
  const live = programs?.filter((program) => program.version !== null).length;
  const off = switches?.filter((each) => each.off).length;
  return (
    <StatRow>
      <Stat
        label={t`Programs that run`}
        value={live === undefined ? DASH : format.number(live)}
        note={programs === undefined ? undefined : <Plural value={programs.length} one="of # program" other="of # programs" />}
        formula={t`Programs with a published version`}
      />
      <Stat
        label={t`Switched off`}
        value={off === undefined ? DASH : format.number(off)}
        note={off === 0 ? <Trans>Everything goes its way</Trans> : <Trans>Gives nothing until it is on again</Trans>}
      />
      <Stat
        label={t`Referrals to look at`}
        value={queue === undefined ? DASH : `${format.number(queue.data.length)}${queue.next_cursor === null ? "" : "+"}`}
        note={<Trans>Held back until somebody decides</Trans>}
        formula={t`Referrals whose signals of fraud reached the limit of their program`}
      />
      <SandboxClock />
    </StatRow>
  );
}
