import { Trans, useLingui } from "@lingui/react/macro";
import { blockDelete, blockPut, type CustomerView } from "@perennial/api-admin";
import { customerGetQueryKey } from "@perennial/api-admin/queries";
import { Button, Checkbox, Dialog, Group, Stack, tellDone, tellFailed, Textarea } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { toldBy } from "../../shell/problem";

/** Keep a member from earning, from spending, or from both; or let them again. */
export default function BlockDialog({ member, onClose }: { member: CustomerView; onClose: () => void }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const [earning, setEarning] = useState(member.blocked?.earning ?? true);
  const [spending, setSpending] = useState(member.blocked?.spending ?? true);
  const [reason, setReason] = useState(member.blocked?.reason ?? "");
  const path = { id: member.id };
  const save = useMutation({
    mutationFn: async (lifts: boolean) => {
      if (lifts) await blockDelete({ path, throwOnError: true });
      else await blockPut({ path, body: { earning, spending, reason: reason.trim() }, throwOnError: true });
    },
    onSuccess: async (_, lifts) => {
      onClose();
      tellDone(lifts ? t`The block is lifted` : t`The member is blocked`);
      await cache.invalidateQueries({ queryKey: customerGetQueryKey({ path }) });
    },
    onError: (error) => {
      tellFailed(t`Nothing was changed`, toldBy(error).words);
    },
  });
  return (
    <Dialog opened onClose={onClose} title={t`Block ${member.id}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(false);
        }}
      >
        <Stack gap="md">
          <Checkbox
            label={t`No points and rewards any more`}
            checked={earning}
            onChange={(event) => {
              setEarning(event.currentTarget.checked);
            }}
          />
          <Checkbox
            label={t`Nothing can be spent`}
            checked={spending}
            onChange={(event) => {
              setSpending(event.currentTarget.checked);
            }}
          />
          <Textarea
            label={t`Reason`}
            required
            withAsterisk={false}
            autosize
            minRows={2}
            value={reason}
            onChange={(event) => {
              setReason(event.currentTarget.value);
            }}
          />
          <Group justify="space-between">
            {member.blocked == null ? (
              <span />
            ) : (
              <Button
                variant="default"
                loading={save.isPending}
                onClick={() => {
                  save.mutate(true);
                }}
              >
                <Trans>Lift the block</Trans>
              </Button>
            )}
            <Button type="submit" color="red.8" loading={save.isPending} disabled={!earning && !spending}>
              <Trans>Block</Trans>
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
