import { Trans, useLingui } from "@lingui/react/macro";
import { waitPost } from "@perennial/api-admin";
import { waitListQueryKey } from "@perennial/api-admin/queries";
import { DialogForm } from "@perennial/forms";
import { Button, Dialog, NativeSelect, tellDone, useDisclosure } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { PublishedReward } from "../../program/rewards";
import { Wrong } from "../../shell/wrong";

/** Puts the member at the end of a line, out of those of which they are in none. */
export function WaitButton({ customer, rewards }: { customer: string; rewards: readonly PublishedReward[] }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const [opened, { open, close }] = useDisclosure(false);
  const [chosen, setChosen] = useState("");
  const reward = rewards.find(({ reference }) => reference === chosen) ?? rewards[0];
  const join = useMutation({
    mutationFn: (reference: string) =>
      waitPost({ path: { id: customer }, body: { reward: reference, id: `console-${crypto.randomUUID()}` }, throwOnError: true }),
    onSuccess: async () => {
      close();
      tellDone(t`The member waits in line`);
      await cache.invalidateQueries({ queryKey: waitListQueryKey({ path: { id: customer } }) });
    },
  });
  return (
    <>
      <Button
        size="xs"
        variant="default"
        onClick={() => {
          join.reset();
          open();
        }}
      >
        <Trans>Wait in line…</Trans>
      </Button>
      <Dialog opened={opened} onClose={close} title={t`Wait in line`}>
        <DialogForm
          action={t`Wait in line`}
          busy={join.isPending}
          disabled={reward === undefined}
          onClose={close}
          onSubmit={() => {
            if (reward !== undefined) join.mutate(reward.reference);
          }}
        >
          <Wrong error={join.error} />
          <NativeSelect
            label={t`Reward`}
            data={rewards.map(({ reference, name }) => ({ value: reference, label: name }))}
            value={reward?.reference}
            onChange={(event) => {
              setChosen(event.currentTarget.value);
            }}
          />
        </DialogForm>
      </Dialog>
    </>
  );
}
