import { Trans, useLingui } from "@lingui/react/macro";
import { type WaitList, waitLeave, type WaitView } from "@perennial/api-admin";
import { waitListOptions } from "@perennial/api-admin/queries";
import { ConfirmDialog } from "@perennial/forms";
import { Badge, Button, type Column, DataTable, Panel, tellDone, tellFailed } from "@perennial/ui";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { useFormat } from "../../i18n/format";
import { RewardName } from "../../program/reward-name";
import { waitedRewardsOptions } from "../../program/rewards";
import { useZones } from "../../program/use-zones";
import { useMay } from "../../session/may";
import { toldBy } from "../../shell/problem";
import { WaitButton } from "./wait-button";
import { passedOver } from "./words";

/** A line moves by itself: the worker serves whoever is first, and others leave it. */
const LINE_MS = 5_000;

/** The lines that the member stands in, and what became of earlier ones; nothing where no reward has a line. */
export function Waits({ customer }: { customer: string }) {
  const { t } = useLingui();
  const may = useMay("write");
  const waits = useQuery({
    ...waitListOptions({ path: { id: customer } }),
    refetchInterval: ({ state }) => (state.data?.data.some(isWaiting) === true ? LINE_MS : false),
  });
  const rewards = useQuery(waitedRewardsOptions).data ?? [];
  const [leaving, setLeaving] = useState<WaitView>();
  const leave = useLeave(customer);
  const rows = waits.data?.data ?? [];
  const columns = useColumns(may ? setLeaving : undefined);
  const waited = rows.filter(isWaiting).map(({ reward }) => reward);
  const free = rewards.filter(({ reference }) => !waited.includes(reference));
  if (rows.length === 0 && rewards.length === 0) return null;
  return (
    <Panel
      title={t`Waiting lists`}
      hint={t`Whoever is first in line gets what comes free, for the price of that moment.`}
      actions={may && free.length > 0 && <WaitButton customer={customer} rewards={free} />}
      flush={rows.length > 0}
    >
      {rows.length === 0 ? (
        <Trans>The member waits for nothing.</Trans>
      ) : (
        <DataTable label={t`Waiting lists`} columns={columns} rows={rows} keyOf={(row) => row.id} />
      )}
      <ConfirmDialog
        opened={leaving !== undefined}
        title={t`Leave the line`}
        action={t`Leave the line`}
        busy={false}
        onClose={() => {
          setLeaving(undefined);
        }}
        onConfirm={() => {
          if (leaving !== undefined) leave(leaving);
          setLeaving(undefined);
        }}
      >
        <Trans>Whoever stands behind moves up. The place cannot be taken back: who waits again stands at the end.</Trans>
      </ConfirmDialog>
    </Panel>
  );
}

function isWaiting({ state }: WaitView): boolean {
  return state === "waiting";
}

/** Leaves a line: seen at once, and taken back where the server says no. */
function useLeave(customer: string): (wait: WaitView) => void {
  const { t } = useLingui();
  const cache = useQueryClient();
  const { queryKey } = waitListOptions({ path: { id: customer } });
  const { mutate } = useMutation({
    mutationFn: ({ id }: WaitView) => waitLeave({ path: { id: customer, wait: id }, throwOnError: true }),
    onMutate: async ({ id }) => {
      await cache.cancelQueries({ queryKey });
      const before = cache.getQueryData<WaitList>(queryKey);
      const left = before?.data.map((each) => (each.id === id ? { ...each, state: "left" } : each));
      if (before !== undefined && left !== undefined) cache.setQueryData<WaitList>(queryKey, { ...before, data: left });
      return before;
    },
    onSuccess: () => {
      tellDone(t`The member waits no more`);
    },
    onError: (error, _wait, before) => {
      cache.setQueryData(queryKey, before);
      tellFailed(t`The member still waits`, toldBy(error).detail);
    },
    onSettled: () => cache.invalidateQueries({ queryKey }),
  });
  return mutate;
}

function useColumns(onLeave: ((wait: WaitView) => void) | undefined): Column<WaitView>[] {
  const { t } = useLingui();
  const format = useFormat();
  const zoneOf = useZones();
  return [
    { id: "reward", title: t`Reward`, cell: (row) => <RewardName reference={row.reward} /> },
    { id: "state", title: t`State`, cell: (row) => <State wait={row} /> },
    {
      id: "place",
      title: t`Place in line`,
      numeric: true,
      cell: ({ place, in_line: all }) =>
        place == null || all == null ? "–" : <Trans context="place in a line">{format.number(place)} of {format.number(all)}</Trans>,
    },
    { id: "since", title: t`Since`, cell: (row) => format.moment(row.since, zoneOf(row.reward)) },
    ...(onLeave === undefined
      ? []
      : [
          {
            id: "leave",
            title: t`Leave`,
            cell: (row: WaitView) =>
              isWaiting(row) && (
                <Button
                  size="xs"
                  variant="default"
                  aria-label={t`Leave the line: ${row.reward}`}
                  onClick={() => {
                    onLeave(row);
                  }}
                >
                  <Trans>Leave the line</Trans>
                </Button>
              ),
          },
        ]),
  ];
}

/** What became of it; who was passed over is told why. */
function State({ wait }: { wait: WaitView }) {
  const { t } = useLingui();
  switch (wait.state) {
    case "waiting":
      return (
        <Badge tone="info">
          <Trans>waiting</Trans>
        </Badge>
      );
    case "served":
      return (
        <Badge tone="good">
          <Trans>got it</Trans>
        </Badge>
      );
    case "left":
      return (
        <Badge>
          <Trans>left the line</Trans>
        </Badge>
      );
    default:
      return (
        <>
          <Badge tone="warn">
            <Trans>passed over</Trans>
          </Badge>{" "}
          {wait.reason != null && <bdi>{passedOver(t, wait.reason)}</bdi>}
        </>
      );
  }
}
