import { Trans, useLingui } from "@lingui/react/macro";
import type { TimelineItem, WalletView } from "@perennial/api-admin";
import { timelineList } from "@perennial/api-admin";
import { segmentListOptions } from "@perennial/api-admin/queries";
import { EmptyState, Panel } from "@perennial/ui";
import { IconTimeline } from "@perennial/ui/icons";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { useFormat } from "../../i18n/format";
import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import classes from "./member.module.css";
import { More } from "../../shell/more";
import { walletOf } from "./wallet-of";
import { happened, reasonOf } from "./words";

/** What happened, in order; each order and event can say why it gave what it gave. */
export function TimelineOfMember({ customer, wallets }: { customer: string; wallets: readonly WalletView[] }) {
  const { t } = useLingui();
  const segments = useQuery(segmentListOptions()).data?.data ?? [];
  const query = useInfiniteQuery({
    queryKey: ["timeline", customer],
    queryFn: async ({ pageParam, signal }) =>
      (await timelineList({ path: { id: customer }, query: { cursor: pageParam }, throwOnError: true, signal })).data,
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  return (
    <Panel title={t`Timeline`} flush>
      <Answer query={query}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.data);
          if (items.length === 0) {
            return (
              <EmptyState icon={<IconTimeline size={26} />} title={t`Nothing happened yet`}>
                <Trans>Orders, events, claims and tiers will be listed here, the latest first.</Trans>
              </EmptyState>
            );
          }
          return (
            <>
              <ul className={classes.items}>
                {items.map((item, index) => (
                  <Item key={`${item.at}/${item.type}/${item.id ?? ""}/${String(index)}`} item={item} customer={customer} wallets={wallets} segments={segments} />
                ))}
              </ul>
              <More query={query} />
            </>
          );
        }}
      </Answer>
    </Panel>
  );
}

interface ItemProps {
  item: TimelineItem;
  customer: string;
  wallets: readonly WalletView[];
  segments: readonly { id: string; name: string }[];
}

function Item({ item, customer, wallets, segments }: ItemProps) {
  const { t } = useLingui();
  const format = useFormat();
  const { code: workspace } = useWorkspace();
  const id = item.id ?? undefined;
  const named = item.type.startsWith("segment_") ? segments.find((each) => each.id === id)?.name : undefined;
  const reason = reasonOf(t, item.reason ?? undefined);
  return (
    <li className={classes.item}>
      <span className={classes.what}>
        <strong>{happened(t, item.type)}</strong> <bdi>{named ?? id}</bdi>
        {reason !== undefined && <span className={classes.reason}> · {reason}</span>}
      </span>
      {Object.entries(item.points ?? {}).map(([reference, points]) => {
        const wallet = walletOf(wallets, reference);
        return (
          <span key={reference} className={points < 0 ? classes.minus : classes.plus}>
            {format.change(points, wallet?.decimals)} <bdi>{wallet?.name ?? reference.split("/").at(-1)}</bdi>
          </span>
        );
      })}
      {id !== undefined && explains(item.type) !== undefined && (
        <Link
          to="/$workspace/members/$customer"
          params={{ workspace, customer }}
          search={{ tab: "timeline", why: id, of: explains(item.type) }}
        >
          <Trans>Why?</Trans>
        </Link>
      )}
      <span className={classes.when}>{format.moment(item.at)}</span>
    </li>
  );
}

function explains(type: string): "order" | "event" | undefined {
  return type === "order" || type === "event" ? type : undefined;
}
