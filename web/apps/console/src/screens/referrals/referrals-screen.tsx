import { Trans, useLingui } from "@lingui/react/macro";
import { referralList } from "@perennial/api-admin";
import { EmptyState, NativeSelect, Page, Panel } from "@perennial/ui";
import { IconShare } from "@perennial/ui/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { More } from "../../shell/more";
import { Queue } from "./queue";
import { REFERRAL_STATES, referralsRoute, type ReferralState } from "./route";
import { STATES } from "./words";

const LOOK_AGAIN_MS = 30_000;

/** Who referred whom; first of all those that somebody has to look at. */
export function ReferralsScreen() {
  const { t } = useLingui();
  const { code: workspace } = useWorkspace();
  const { show = "in_review" } = referralsRoute.useSearch();
  const navigate = useNavigate();
  const query = useInfiniteQuery({
    queryKey: ["referrals", show],
    queryFn: async ({ pageParam, signal }) =>
      (await referralList({ query: { state: show, cursor: pageParam }, throwOnError: true, signal })).data,
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: LOOK_AGAIN_MS,
  });
  return (
    <Page
      title={t`Referrals`}
      intro={t`Members who brought friends. What looks like fraud waits here until somebody has looked at it.`}
      actions={
        <NativeSelect
          aria-label={t`Which referrals`}
          data={REFERRAL_STATES.map((state) => ({ value: state, label: t(STATES[state].words) }))}
          value={show}
          onChange={(event) => {
            const chosen = event.currentTarget.value as ReferralState;
            void navigate({ to: "/$workspace/referrals", params: { workspace }, search: chosen === "in_review" ? {} : { show: chosen } });
          }}
        />
      }
    >
      <Answer query={query}>
        {({ pages }) => {
          const referrals = pages.flatMap((page) => page.data);
          return referrals.length === 0 ? (
            <Panel>
              <EmptyState icon={<IconShare size={26} />} title={show === "in_review" ? t`Nothing to review` : t`No such referral`}>
                <Trans>A program with referrals gives each member a code and a link. Signals of fraud hold a referral back until it is reviewed.</Trans>
              </EmptyState>
            </Panel>
          ) : (
            <>
              <Queue referrals={referrals} />
              <More query={query} />
            </>
          );
        }}
      </Answer>
    </Page>
  );
}
