import { Trans, useLingui } from "@lingui/react/macro";
import { approvalList } from "@perennial/api-admin";
import { approvalListQueryKey } from "@perennial/api-admin/queries";
import { EmptyState, Page, Panel, Stack } from "@perennial/ui";
import { IconClipboardCheck } from "@perennial/ui/icons";
import { useInfiniteQuery } from "@tanstack/react-query";

import { Answer } from "../../shell/answer";
import { More } from "../../shell/more";
import { Decided } from "./decided";
import { Request } from "./request";

const LOOK_AGAIN_MS = 15_000;

/** What colleagues ask for and somebody else has to want. */
export function ApprovalsScreen() {
  const { t } = useLingui();
  const query = useInfiniteQuery({
    queryKey: approvalListQueryKey(),
    queryFn: async ({ pageParam, signal }) => (await approvalList({ query: { cursor: pageParam }, throwOnError: true, signal })).data,
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: LOOK_AGAIN_MS,
  });
  return (
    <Page title={t`Approvals`} intro={t`Some things need two people: one who asks, and another one who agrees.`}>
      <Answer query={query}>
        {({ pages }) => {
          const data = pages.flatMap((page) => page.data);
          const waiting = data.filter(({ state }) => state === "requested");
          const decided = data.filter(({ state }) => state !== "requested");
          return (
            <Stack gap="lg">
              {waiting.length === 0 ? (
                <Panel>
                  <EmptyState icon={<IconClipboardCheck size={26} />} title={t`Nothing waits`}>
                    <Trans>Publishing and large credits by hand come here where the workspace demands two people for them.</Trans>
                  </EmptyState>
                </Panel>
              ) : (
                waiting.map((approval) => <Request key={approval.approval} approval={approval} />)
              )}
              {decided.length > 0 && <Decided approvals={decided} />}
              <More query={query} />
            </Stack>
          );
        }}
      </Answer>
    </Page>
  );
}
