import { Trans, useLingui } from "@lingui/react/macro";
import type { BrandPreview, JudgedColor } from "@perennial/api-admin";
import type { CSSProperties } from "react";

import classes from "./member-cards.module.css";

export interface MemberCardProps {
  /** What the program or the shop is called. */
  title: string;
  who: string;
  /** What somebody has, each as number and unit. */
  stands: readonly { amount: string; unit: string }[];
  tier?: string | null;
}

/** How a member would see it in the colors of the workspace, on a light and on a dark ground. */
export function MemberCards({ colors, ...card }: MemberCardProps & { colors: BrandPreview }) {
  const { t } = useLingui();
  return (
    <div className={classes.cards} role="group" aria-label={t`What a member sees`}>
      <MemberCard {...card} judged={colors.light} ground="light" />
      <MemberCard {...card} judged={colors.dark} ground="dark" />
    </div>
  );
}

function MemberCard({ title, who, stands, tier, judged, ground }: MemberCardProps & { judged: JudgedColor; ground: "light" | "dark" }) {
  return (
    <div className={classes.card} data-ground={ground} style={inked(judged)}>
      <strong className={classes.title} dir="auto">
        {title}
      </strong>
      <span className={classes.who}>
        <bdi>{who}</bdi>
        {tier != null && (
          <>
            {" · "}
            <bdi>{tier}</bdi>
          </>
        )}
      </span>
      <div className={classes.stands}>
        {stands.map(({ amount, unit }) => (
          <span key={unit}>
            <strong>{amount}</strong> <bdi>{unit}</bdi>
          </span>
        ))}
      </div>
      <span className={classes.button} aria-hidden>
        <Trans>See the rewards</Trans>
      </span>
    </div>
  );
}

/** A color that cannot be read is shown as the nearest that can: so it would be taken. */
function inked({ nearest, ink }: JudgedColor): CSSProperties {
  return { "--brand": nearest, "--brand-ink": ink } as CSSProperties;
}
