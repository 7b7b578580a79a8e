import { useLingui } from "@lingui/react/macro";
import { adjustmentPost, type CustomerView } from "@perennial/api-admin";
import { customerGetQueryKey } from "@perennial/api-admin/queries";
import { DialogForm } from "@perennial/forms";
import { Dialog, NativeSelect, tellDone, tellFailed, Textarea, TextInput } from "@perennial/ui";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";

import { minorOf, typed } from "../../editor/amounts";
import { useFormat } from "../../i18n/format";
import { sessionOptions } from "../../session/session";
import { toldBy } from "../../shell/problem";
import { Wrong } from "../../shell/wrong";
import { walletOf } from "./wallet-of";

const ACCEPTED = 202;

export interface AdjustDialogProps {
  /** Names the correction: sent twice it counts once. */
  id: string;
  member: CustomerView;
  opened: boolean;
  onSend: () => void;
  onRefused: () => void;
  onClose: () => void;
}

/**
 * Give or take points by hand, with the reason. The balance moves at once; where the server says no, it moves back, and
 * the form is there again as it was filled in. Several may be on their way.
 */
export default function AdjustDialog({ id, member, opened, onSend, onRefused, onClose }: AdjustDialogProps) {
  const { t } = useLingui();
  const format = useFormat();
  const cache = useQueryClient();
  const { data: me } = useSuspenseQuery(sessionOptions);
  const key = customerGetQueryKey({ path: { id: member.id } });
  const first = member.wallets[0];
  const [wallet, setWallet] = useState(first === undefined ? "" : `${first.program}/${first.wallet}`);
  const [points, setPoints] = useState("");
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const decimals = walletOf(member.wallets, wallet)?.decimals ?? 0;
  const amount = minorOf(points.replace("−", "-"), decimals) ?? 0;
  const change = (by: number) => {
    cache.setQueryData<CustomerView>(key, (known) => known && withPoints(known, wallet, by));
  };
  const send = useMutation({
    mutationKey: ["adjust", member.id],
    mutationFn: (undoes: boolean) =>
      adjustmentPost({
        body: {
          customer: member.id,
          wallet,
          points: undoes ? -amount : amount,
          reason: undoes ? t`Undone: ${reason.trim()}` : reason.trim(),
          id: `console-${id}${undoes ? "-undo" : ""}`,
        },
        throwOnError: true,
      }),
    onMutate: async (undoes) => {
      await cache.cancelQueries({ queryKey: key });
      change(undoes ? -amount : amount);
    },
    // The dialog is gone when somebody undoes; before that it says itself what is wrong.
    onError: (error, undoes) => {
      change(undoes ? amount : -amount);
      if (undoes) tellFailed(t`The correction stands`, toldBy(error).words);
      else onRefused();
    },
    onSuccess: ({ response }, undoes) => {
      onClose();
      if (response.status === ACCEPTED) tellDone(t`It waits for a second person under Approvals`);
      else if (undoes) tellDone(t`The correction is undone`);
      else {
        tellDone(t`The points are corrected`, {
          label: t`Undo`,
          run: () => {
            send.mutate(true);
          },
        });
      }
    },
    // What is read while another one is on its way would not have it: the last one reads.
    onSettled: async () => {
      if (cache.isMutating({ mutationKey: ["adjust", member.id] }) > 1) return;
      await Promise.all([
        cache.invalidateQueries({ queryKey: key }),
        cache.invalidateQueries({ queryKey: ["timeline", member.id] }),
        cache.invalidateQueries({ queryKey: ["ledger", member.id] }),
      ]);
    },
  });
  function submit() {
    setTried(true);
    if (amount === 0 || reason.trim() === "") return;
    onSend();
    send.mutate(false);
  }
  return (
    <Dialog opened={opened} onClose={onClose} title={t`Correct points of ${member.id}`}>
      <DialogForm action={t`Correct`} busy={send.isPending} ownWords onClose={onClose} onSubmit={submit}>
        <Wrong error={send.error} />
        <NativeSelect
          label={t`Wallet`}
          data={member.wallets.map(({ program, wallet: each, name }) => ({ value: `${program}/${each}`, label: name }))}
          value={wallet}
          onChange={(event) => {
            setWallet(event.currentTarget.value);
          }}
        />
        <TextInput
          label={t`Points`}
          description={me.credit_most == null ? t`With a minus they are taken.` : t`With a minus they are taken. You may give at most ${format.number(me.credit_most)} at a time.`}
          inputMode="text"
          dir="ltr"
          data-autofocus
          value={points}
          error={
            tried &&
            amount === 0 &&
            (decimals === 0 ? t`A whole number, such as 50 or -50.` : t`With at most ${format.number(decimals)} digits behind the point, such as ${typed(50 * 10 ** decimals, decimals)}.`)
          }
          onChange={(event) => {
            setPoints(event.currentTarget.value);
          }}
        />
        <Textarea
          label={t`Reason`}
          autosize
          minRows={2}
          value={reason}
          error={tried && reason.trim() === "" && t`Say why, for those who read it later.`}
          onChange={(event) => {
            setReason(event.currentTarget.value);
          }}
        />
      </DialogForm>
    </Dialog>
  );
}

/** The member with so many points more, or fewer, to spend from a wallet such as `program/wallet`. */
function withPoints(member: CustomerView, wallet: string, points: number): CustomerView {
  const wallets = member.wallets.map((each) =>
    `${each.program}/${each.wallet}` === wallet ? { ...each, available: each.available + points } : each,
  );
  return { ...member, wallets };
}
