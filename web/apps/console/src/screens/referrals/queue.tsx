import { Trans, useLingui } from "@lingui/react/macro";
import type { ReferralView } from "@perennial/api-admin";
import { Badge, Kbd, Panel, Text, UnstyledButton, useHotkeys } from "@perennial/ui";
import { useState } from "react";

import { useFormat } from "../../i18n/format";
import { useMay } from "../../session/may";
import { Detail } from "./detail";
import classes from "./referrals.module.css";
import type { ReferralState } from "./route";
import { type Asked, type Review, ReviewDialog } from "./review-dialog";
import { SIGNALS, STATES } from "./words";

/** The list beside the one that is looked at. J and K move, A approves, R rejects. */
export function Queue({ referrals }: { referrals: readonly ReferralView[] }) {
  const { t } = useLingui();
  const format = useFormat();
  const may = useMay("adjust");
  const [chosen, setChosen] = useState(referrals[0]?.id);
  const [asking, setAsking] = useState<Asked>();
  const place = Math.max(referrals.findIndex(({ id }) => id === chosen), 0);
  const open = referrals[place];
  const decidable = may && open?.state === "in_review";
  const go = (step: number) => {
    setChosen(referrals[Math.min(Math.max(place + step, 0), referrals.length - 1)]?.id);
  };
  // What is asked for is asked of this very referral, however the list behind the question changes.
  const ask = (what: Review) => {
    if (decidable) setAsking({ what, id: open.id });
  };
  const move = (step: number) => () => {
    if (asking === undefined) go(step);
  };
  const press = (what: Review) => () => {
    if (asking === undefined) ask(what);
  };
  useHotkeys([
    ["j", move(1)],
    ["k", move(-1)],
    ["a", press("approve")],
    ["r", press("reject")],
  ]);
  if (open === undefined) return null;
  return (
    <div className={classes.queue}>
      <Panel title={t`Queue`} flush>
        <ul className={classes.list}>
          {referrals.map((referral) => (
            <li key={referral.id}>
              <UnstyledButton
                className={classes.item}
                aria-pressed={referral.id === open.id}
                onClick={() => {
                  setChosen(referral.id);
                }}
              >
                <span className={classes.names}>
                  <bdi>{referral.customer ?? "–"}</bdi>
                  <Badge tone={STATES[referral.state as ReferralState].tone}>{t(STATES[referral.state as ReferralState].words)}</Badge>
                </span>
                <span className={classes.note}>
                  <Trans>
                    brought by <bdi>{referral.advocate ?? "–"}</bdi>, {format.ago(referral.attributed_at)}
                  </Trans>
                </span>
                {(referral.signals ?? []).map((signal) => {
                  const words = SIGNALS[signal];
                  return (
                    <span key={signal} className={classes.note}>
                      {words === undefined ? signal : t(words)}
                    </span>
                  );
                })}
              </UnstyledButton>
            </li>
          ))}
        </ul>
        {may && (
          <Text size="xs" c="dimmed" p="sm">
            <Trans>
              <Kbd>J</Kbd> next, <Kbd>K</Kbd> back, <Kbd>A</Kbd> approve, <Kbd>R</Kbd> reject
            </Trans>
          </Text>
        )}
      </Panel>
      <Detail key={open.id} id={open.id} onAsk={decidable ? ask : undefined} />
      <ReviewDialog
        asking={asking}
        onClose={() => {
          setAsking(undefined);
        }}
        onDone={(id) => {
          if (id === open.id) go(1);
        }}
      />
    </div>
  );
}
