import { Trans, useLingui } from "@lingui/react/macro";
import type { PlanView } from "@perennial/api-admin";
import { planCancelMutation, planListOptions } from "@perennial/api-admin/queries";
import { ConfirmDialog } from "@perennial/forms";
import { Alert, Button, Group, Stack, tellDone, tellFailed, useDisclosure } from "@perennial/ui";
import { IconAlertTriangle, IconInfoCircle } from "@perennial/ui/icons";
import { useMutation, useQuery } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";
import { useMay } from "../../session/may";
import { toldBy } from "../../shell/problem";
import { useFreshProgram } from "./use-fresh-program";

const OFTEN_MS = 30_000;

/** What is planned for the draft, or why nothing came of it: nobody has to look for that. */
export function PlannedBanner({ program, published }: { program: string; published: string | undefined }) {
  const plans = useQuery({ ...planListOptions({ path: { id: program }, query: { limit: 1 } }), refetchInterval: OFTEN_MS });
  const latest = plans.data?.data[0];
  if (latest?.state === "waiting") return <Waiting plan={latest} />;
  // What has failed is old news once another version runs.
  if (latest?.state === "failed" && (published === undefined || (latest.ended_at ?? "") > published)) return <Failed plan={latest} />;
  return null;
}

function Waiting({ plan }: { plan: PlanView }) {
  const { t } = useLingui();
  const format = useFormat();
  const may = useMay("programs");
  const at = format.moment(plan.publish_at, plan.time_zone);
  return (
    <Alert
      variant="default"
      color={plan.changed === true ? "red" : undefined}
      icon={plan.changed === true ? <IconAlertTriangle size={18} aria-hidden /> : <IconInfoCircle size={18} aria-hidden />}
      title={plan.changed === true ? t`The draft was changed after it was planned for ${at}` : t`The draft is published at ${at}`}
    >
      <Stack gap="xs" align="flex-start">
        <span>
          {plan.changed === true ? (
            <Trans>It will not be published as it is now: plan it again, or cancel.</Trans>
          ) : (
            <Trans>
              Time of {plan.time_zone}. Planned by <bdi>{plan.planned_by}</bdi>.
            </Trans>
          )}{" "}
          {plan.note !== undefined && plan.note !== "" && <bdi>{plan.note}</bdi>}
        </span>
        {may && <CancelButton program={plan.program} at={at} />}
      </Stack>
    </Alert>
  );
}

function CancelButton({ program, at }: { program: string; at: string }) {
  const { t } = useLingui();
  const refresh = useFreshProgram();
  const [asking, { open, close }] = useDisclosure(false);
  const cancel = useMutation({
    ...planCancelMutation(),
    onSuccess: () => {
      close();
      tellDone(t`Nothing is planned any more`);
      return refresh();
    },
    onError: (error) => {
      tellFailed(t`It was not canceled`, toldBy(error).detail);
    },
  });
  return (
    <Group>
      <Button size="xs" variant="default" onClick={open}>
        <Trans>Do not publish it then…</Trans>
      </Button>
      <ConfirmDialog
        opened={asking}
        title={t`Cancel what is planned`}
        action={t`Do not publish it`}
        busy={cancel.isPending}
        onClose={close}
        onConfirm={() => {
          cancel.mutate({ path: { id: program } });
        }}
      >
        <Trans>Nothing is published at {at}. The draft stays as it is.</Trans>
      </ConfirmDialog>
    </Group>
  );
}

function Failed({ plan }: { plan: PlanView }) {
  const { t } = useLingui();
  const format = useFormat();
  const at = format.moment(plan.publish_at, plan.time_zone);
  return (
    <Alert color="red" variant="default" icon={<IconAlertTriangle size={18} aria-hidden />} title={t`Nothing was published at ${at}, as was planned`}>
      <bdi>{plan.failure?.detail}</bdi>
    </Alert>
  );
}
