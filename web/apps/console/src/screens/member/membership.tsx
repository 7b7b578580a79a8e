import { Trans, useLingui } from "@lingui/react/macro";
import type { MembershipView, MissingView } from "@perennial/api-admin";
import { Badge, Progress } from "@perennial/ui";
import { IconAward } from "@perennial/ui/icons";

import { useFormat } from "../../i18n/format";
import { MEASURE_WORDS } from "../../program/measures";
import { useProgramName } from "../../program/use-program-name";
import { useZones } from "../../program/use-zones";
import classes from "./member.module.css";

/** A place in a program: since when, which tier, and what is missing for the next. */
export function Membership({ membership }: { membership: MembershipView }) {
  const format = useFormat();
  const zone = useZones()(membership.program);
  const name = useProgramName()(membership.program);
  const next = membership.progress?.higher[0];
  return (
    <div className={classes.membership}>
      <div className={classes.headed}>
        <bdi>{name}</bdi>
        {membership.tier != null && (
          <Badge tone="good" icon={<IconAward size={14} aria-hidden />}>
            <bdi>{membership.tier_name ?? membership.tier}</bdi>
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
        {membership.household != null && (
          <>
            {" · "}
            <Trans>
              shares tier and limits with the household <bdi>{membership.household}</bdi>
            </Trans>
          </>
        )}
      </p>
      {next?.missing.map((missing) => (
        <NextTier key={missing.metric} tier={next.name} missing={missing} />
      ))}
    </div>
  );
}

function NextTier({ tier, missing }: { tier: string; missing: MissingView }) {
  const { t } = useLingui();
  const format = useFormat();
  const { currency, decimals, needed } = missing;
  const written = (figure: number) => (currency == null ? format.points(figure, decimals) : format.money(figure, currency));
  const words = MEASURE_WORDS[missing.measure ?? ""];
  const metric = words === undefined ? "" : t(words);
  return (
    <div>
      <p className={classes.quiet}>
        {metric === "" ? (
          <Trans>
            Next tier {tier}: {written(missing.figure)} of {written(needed)}
          </Trans>
        ) : (
          <Trans>
            Next tier {tier}: {written(missing.figure)} of {written(needed)} ({metric})
          </Trans>
        )}
      </p>
      <Progress value={(100 * missing.figure) / needed} mt={4} aria-label={t`On the way to ${tier}`} />
    </div>
  );
}
