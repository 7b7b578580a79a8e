import { Trans, useLingui } from "@lingui/react/macro";
import type { ReferralDetail } from "@perennial/api-admin";
import { referralGetOptions } from "@perennial/api-admin/queries";
import { Badge, Button, type Fact, Facts, Group, Panel, Stack, Text } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useFormat } from "../../i18n/format";
import { useProgramName } from "../../program/use-program-name";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import classes from "./referrals.module.css";
import type { Review } from "./review-dialog";
import { SIGNALS } from "./words";

export interface DetailProps {
  id: string;
  /** Where it may be decided. */
  onAsk: ((what: Review) => void) | undefined;
}

/** One referral with its evidence, and yes or no. */
export function Detail({ id, onAsk }: DetailProps) {
  const { t } = useLingui();
  const query = useQuery(referralGetOptions({ path: { id } }));
  return (
    <Panel title={t`This referral`}>
      <Answer query={query}>
        {(referral) => (
          <Stack gap="md">
            <Text size="sm" dir="auto">
              {referral.words}
            </Text>
            <FactsOf referral={referral} />
            <Evidence referral={referral} />
            {onAsk !== undefined && (
              <Group gap="xs">
                <Button
                  onClick={() => {
                    onAsk("approve");
                  }}
                >
                  <Trans>Approve…</Trans>
                </Button>
                <Button
                  variant="default"
                  onClick={() => {
                    onAsk("reject");
                  }}
                >
                  <Trans>Reject…</Trans>
                </Button>
              </Group>
            )}
          </Stack>
        )}
      </Answer>
    </Panel>
  );
}

function FactsOf({ referral }: { referral: ReferralDetail }) {
  const program = useProgramName()(referral.program);
  const { t } = useLingui();
  const format = useFormat();
  const { code: workspace } = useWorkspace();
  const person = (customer: string | null) =>
    customer === null ? (
      "–"
    ) : (
      <Link to="/$workspace/members/$customer" params={{ workspace, customer }} dir="auto">
        {customer}
      </Link>
    );
  const brought = Object.values(referral.advocate_referrals ?? {}).reduce((sum, count) => sum + count, 0);
  const facts: Fact[] = [
    { label: t`Friend`, value: person(referral.customer) },
    { label: t`Brought by`, value: person(referral.advocate) },
    { label: t`Brought so far`, value: format.number(brought) },
    { label: t`Program`, value: <bdi>{program}</bdi> },
    { label: t`Since`, value: format.moment(referral.attributed_at) },
  ];
  return <Facts facts={facts} />;
}

function Evidence({ referral }: { referral: ReferralDetail }) {
  const { t } = useLingui();
  const evidence = referral.evidence ?? [];
  if (evidence.length === 0) return null;
  return (
    <ul className={classes.evidence} aria-label={t`Evidence`}>
      {evidence.map(({ signal, does, words }) => {
        const name = SIGNALS[signal];
        return (
          <li key={signal}>
            <Badge tone={does === "reject" ? "bad" : "warn"}>{name === undefined ? signal : t(name)}</Badge>
            <span dir="auto">{words}</span>
          </li>
        );
      })}
    </ul>
  );
}
