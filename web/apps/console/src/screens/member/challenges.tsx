import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import type { CustomerChallenge } from "@perennial/api-admin";
import { challengeListOptions } from "@perennial/api-admin/queries";
import { Badge, EmptyState, Panel, Progress, type Tone } from "@perennial/ui";
import { IconTarget } from "@perennial/ui/icons";
import { useQuery } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";
import { useZones } from "../../program/use-zones";
import { Answer } from "../../shell/answer";
import classes from "./member.module.css";

const STATES: Record<string, { tone: Tone; words: MessageDescriptor }> = {
  open: { tone: "plain", words: msg({ message: "not begun", context: "challenge" }) },
  active: { tone: "info", words: msg({ message: "under way", context: "challenge" }) },
  completed: { tone: "good", words: msg({ message: "completed", context: "challenge" }) },
  missed: { tone: "warn", words: msg({ message: "missed", context: "challenge" }) },
  reversed: { tone: "warn", words: msg({ message: "taken back", context: "challenge" }) },
};

/** How far the member is with each challenge that is for them. */
export function Challenges({ customer }: { customer: string }) {
  const { t } = useLingui();
  const query = useQuery(challengeListOptions({ path: { id: customer } }));
  return (
    <Panel title={t`Challenges`}>
      <Answer query={query} lines={3}>
        {({ data: challenges }) =>
          challenges.length === 0 ? (
            <EmptyState icon={<IconTarget size={26} />} title={t`No challenge is open`}>
              <Trans>Challenges of a program, such as a punch card or a streak, appear here with how far the member is.</Trans>
            </EmptyState>
          ) : (
            <div className={classes.memberships}>
              {challenges.map((challenge) => (
                <Challenge key={`${challenge.program}/${challenge.id}`} challenge={challenge} />
              ))}
            </div>
          )
        }
      </Answer>
    </Panel>
  );
}

/** One challenge: its state, how much of it is done, and what the server says is to be done next. */
function Challenge({ challenge }: { challenge: CustomerChallenge }) {
  const { t } = useLingui();
  const format = useFormat();
  const zone = useZones()(challenge.program);
  const { name, progress, target, completed_count: times, ends_at: end } = challenge;
  const state = STATES[challenge.state];
  return (
    <div className={classes.membership}>
      <div className={classes.headed}>
        <bdi>{name}</bdi>
        {state !== undefined && <Badge tone={state.tone}>{t(state.words)}</Badge>}
      </div>
      <p className={classes.quiet} dir="auto">
        {challenge.next_step}
      </p>
      <Progress value={target === 0 ? 0 : (100 * Math.min(progress, target)) / target} aria-label={t`How far: ${name}`} />
      {(times > 1 || end != null) && (
        <p className={classes.quiet}>
          {times > 1 && <Trans>Completed {format.number(times)} times</Trans>}
          {times > 1 && end != null && " · "}
          {end != null && <Trans>ends {format.moment(end, zone)}</Trans>}
        </p>
      )}
    </div>
  );
}
