import { Trans, useLingui } from "@lingui/react/macro";
import type { ApprovalView } from "@perennial/api-admin";
import { approvalApproveMutation, approvalListQueryKey, approvalRejectMutation } from "@perennial/api-admin/queries";
import { ReasonDialog } from "@perennial/forms";
import { Button, Facts, Group, Panel, Stack, tellDone, tellFailed, Text } from "@perennial/ui";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { useFormat } from "../../i18n/format";
import { useActor } from "../../session/use-actor";
import { useProgramName } from "../../program/use-program-name";
import { useMay } from "../../session/may";
import { sessionOptions } from "../../session/session";
import { useWorkspace } from "../../session/workspace";
import { toldBy } from "../../shell/problem";
import { decimalsOf, failureIn, isOwn, momentOf, partsOf } from "./summary";
import { FIELDS, KINDS } from "./words";

const OF_DRAFTS = new Set(["publish", "plan"]);

/** One thing that waits: what it is, who asks, and yes or no. */
export function Request({ approval }: { approval: ApprovalView }) {
  const { t } = useLingui();
  const format = useFormat();
  const actorOf = useActor();
  const nameOf = useProgramName();
  const cache = useQueryClient();
  const may = useMay("approve");
  const { code: workspace } = useWorkspace();
  const { data: me } = useSuspenseQuery(sessionOptions);
  const [asking, setAsking] = useState<"approve" | "reject">();
  const close = () => {
    setAsking(undefined);
  };
  const callbacks = {
    onError: (error: unknown) => {
      tellFailed(t`Nothing was decided`, toldBy(error).detail);
    },
    onSettled: () => cache.invalidateQueries({ queryKey: approvalListQueryKey() }),
  };
  const approve = useMutation({
    ...approvalApproveMutation(),
    ...callbacks,
    onSuccess: ({ state, answer }) => {
      close();
      if (state === "failed") tellFailed(t`Approved, but it could not be done`, failureIn(answer));
      else tellDone(t`Approved`);
    },
  });
  const reject = useMutation({
    ...approvalRejectMutation(),
    ...callbacks,
    onSuccess: () => {
      close();
      tellDone(t`Rejected`);
    },
  });
  const own = isOwn(approval.requested_by, me.email);
  const kind = KINDS[approval.kind];
  const say = (name: string, value: string | number | true) => {
    const moment = momentOf(name, value);
    if (moment !== undefined) return format.moment(moment);
    if (typeof value === "number") return name === "points" ? format.points(value, decimalsOf(approval.summary)) : format.number(value);
    return value === true ? t`yes` : name === "program" ? nameOf(value) : value;
  };
  const facts = partsOf(approval.summary).map(([name, value]) => {
    const words = FIELDS[name];
    return { label: words === undefined ? name : t(words), value: <bdi>{say(name, value)}</bdi> };
  });
  const { program } = approval.summary;
  return (
    <Panel
      title={kind === undefined ? approval.kind : t(kind)}
      hint={
        <Trans>
          Asked for by <bdi>{actorOf(approval.requested_by)}</bdi>, {format.ago(approval.requested_at)}
        </Trans>
      }
    >
      <Stack gap="md">
        <Facts facts={facts} />
        {OF_DRAFTS.has(approval.kind) && typeof program === "string" && (
          <Text size="sm">
            <Link to="/$workspace/programs/$program" params={{ workspace, program }}>
              <Trans>See the draft: what changes, and what is odd about it</Trans>
            </Link>
          </Text>
        )}
        {may && !own && (
          <Group gap="xs">
            <Button
              onClick={() => {
                setAsking("approve");
              }}
            >
              <Trans>Approve…</Trans>
            </Button>
            <Button
              variant="default"
              onClick={() => {
                setAsking("reject");
              }}
            >
              <Trans>Reject…</Trans>
            </Button>
          </Group>
        )}
        {may && own && (
          <Text size="sm" c="dimmed">
            <Trans>You asked for it, so somebody else decides.</Trans>
          </Text>
        )}
      </Stack>
      <ReasonDialog
        opened={asking !== undefined}
        title={asking === "reject" ? t`Reject it` : t`Approve it`}
        action={asking === "reject" ? t`Reject` : t`Approve`}
        danger={asking === "reject"}
        optional={asking === "approve"}
        busy={approve.isPending || reject.isPending}
        onClose={close}
        onConfirm={(reason) => {
          const options = { path: { id: approval.approval }, body: reason === "" ? {} : { reason } };
          if (asking === "reject") reject.mutate(options);
          else approve.mutate(options);
        }}
      >
        {asking === "reject" ? <Trans>Nothing happens; whoever asked sees why.</Trans> : <Trans>It is done at once, exactly as it was asked for.</Trans>}
      </ReasonDialog>
    </Panel>
  );
}
