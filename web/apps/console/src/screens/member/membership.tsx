import { Trans, useLingui } from "@lingui/react/macro";
import type { MembershipView } from "@perennial/api-admin";
import { Badge, Progress } from "@perennial/ui";
import { IconAward } from "@perennial/ui/icons";

import { useFormat } from "../../i18n/format";
import { useZones } from "../../program/use-zones";
import classes from "./member.module.css";

/** A place in a program: since when, which tier, and what is missing for the next. */
export function Membership({ membership }: { membership: MembershipView }) {
  const format = useFormat();
  const zone = useZones()(membership.program);
  const next = membership.progress?.higher[0];
  return (
    <div className={classes.membership}>
      <div className={classes.headed}>
        <span>{membership.program}</span>
        {membership.tier != null && (
          <Badge tone="good" icon={<IconAward size={14} aria-hidden />}>
            {membership.tier}
          </Badge>
        )}
        {membership.left_at != null && (
          <Badge tone="plain">
            <Trans>left {format.date(membership.left_at, zone)}</Trans>
          </Badge>
        )}
      </div>
      <p className={classes.quiet}>
        <Trans>Joined {format.date(membership.joined_at, zone)}</Trans>
        {membership.tier_until != null && (
          <>
            {" · "}
            <Trans>tier until {format.date(membership.tier_until, zone)}</Trans>
          </>
        )}
      </p>
      {next?.missing.map((missing) => (
        <NextTier key={missing.metric} tier={next.name} figure={missing.figure} needed={missing.needed} metric={missing.metric} />
      ))}
    </div>
  );
}

function NextTier({ tier, metric, figure, needed }: { tier: string; metric: string; figure: number; needed: number }) {
  const { t } = useLingui();
  const format = useFormat();
  return (
    <div>
      <p className={classes.quiet}>
        <Trans>
          Next tier {tier}: {format.number(figure)} of {format.number(needed)} ({metric})
        </Trans>
      </p>
      <Progress value={(100 * figure) / needed} mt={4} aria-label={t`On the way to ${tier}`} />
    </div>
  );
}
