import { Trans, useLingui } from "@lingui/react/macro";
import { voucherAssign } from "@perennial/api-admin";
import { DialogForm } from "@perennial/forms";
import { Button, Checkbox, Dialog, NativeSelect, tellDone } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { PoolReward } from "../../program/rewards";
import { Wrong } from "../../shell/wrong";

/** Gives the member a code that is nobody's yet, for themselves or to be passed on. */
export function GiveCode({ customer, rewards }: { customer: string; rewards: readonly PoolReward[] }) {
  const { t } = useLingui();
  // Names the gift: sent twice it is one.
  const [id, setId] = useState<string>();
  return (
    <>
      <Button
        size="xs"
        variant="default"
        onClick={() => {
          setId(crypto.randomUUID());
        }}
      >
        <Trans>Give a code…</Trans>
      </Button>
      <Dialog
        opened={id !== undefined}
        onClose={() => {
          setId(undefined);
        }}
        title={t`Give ${customer} a code`}
      >
        {id !== undefined && (
          <GiveForm
            id={`console-${id}`}
            customer={customer}
            rewards={rewards}
            onClose={() => {
              setId(undefined);
            }}
          />
        )}
      </Dialog>
    </>
  );
}

function GiveForm({ id, customer, rewards, onClose }: { id: string; customer: string; rewards: readonly PoolReward[]; onClose: () => void }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const [chosen, setChosen] = useState("");
  const [forFriends, setForFriends] = useState(false);
  const reward = rewards.find(({ reference }) => reference === chosen) ?? rewards[0];
  const passed = forFriends && reward?.bound !== true;
  const give = useMutation({
    mutationFn: (reference: string) =>
      voucherAssign({ body: { id, customer, reward: reference, ...(passed ? { for_friends: true } : {}) }, throwOnError: true }),
    onSuccess: async () => {
      onClose();
      tellDone(passed ? t`The member has a code to pass on` : t`The member has a code more`);
      await Promise.all([
        cache.invalidateQueries({ queryKey: ["vouchers", customer] }),
        cache.invalidateQueries({ queryKey: ["timeline", customer] }),
      ]);
    },
  });
  return (
    <DialogForm
      action={t`Give the code`}
      busy={give.isPending}
      disabled={reward === undefined}
      onClose={onClose}
      onSubmit={() => {
        if (reward !== undefined) give.mutate(reward.reference);
      }}
    >
      <Wrong error={give.error} />
      <NativeSelect
        label={t`Reward`}
        description={t`A code that nobody has yet is taken. If it is good for a time, that begins now.`}
        data={rewards.map(({ reference, name }) => ({ value: reference, label: name }))}
        value={reward?.reference}
        onChange={(event) => {
          setChosen(event.currentTarget.value);
        }}
      />
      <Checkbox
        label={t`To be passed on`}
        description={
          reward?.bound === true
            ? t`Codes of this reward are for those alone who have them.`
            : t`Everybody may use it but the member and guests. It begins no referral.`
        }
        disabled={reward?.bound === true}
        checked={passed}
        onChange={(event) => {
          setForFriends(event.currentTarget.checked);
        }}
      />
    </DialogForm>
  );
}
