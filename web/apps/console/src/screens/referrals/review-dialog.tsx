import { Trans, useLingui } from "@lingui/react/macro";
import { referralApprove, referralReject } from "@perennial/api-admin";
import { referralGetQueryKey } from "@perennial/api-admin/queries";
import { ReasonDialog } from "@perennial/forms";
import { tellDone, tellFailed } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { toldBy } from "../../shell/problem";

export type Review = "approve" | "reject";

export interface Asked {
  what: Review;
  /** Of which referral. */
  id: string;
}

export interface ReviewDialogProps {
  asking: Asked | undefined;
  onClose: () => void;
  onDone: (id: string) => void;
}

/** The reason, and the decision. */
export function ReviewDialog({ asking, onClose, onDone }: ReviewDialogProps) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const review = useMutation({
    mutationFn: ({ what, id, reason }: Asked & { reason: string }) =>
      (what === "approve" ? referralApprove : referralReject)({ path: { id }, body: { reason }, throwOnError: true }),
    onSuccess: async (_, { what, id }) => {
      tellDone(what === "approve" ? t`Approved: both sides get what was promised` : t`Rejected: nobody gets anything`);
      onDone(id);
      onClose();
      await Promise.all([
        cache.invalidateQueries({ queryKey: ["referrals"] }),
        cache.invalidateQueries({ queryKey: referralGetQueryKey({ path: { id } }) }),
      ]);
    },
    onError: (error) => {
      tellFailed(t`The referral waits on`, toldBy(error).detail);
    },
  });
  const rejects = asking?.what === "reject";
  return (
    <ReasonDialog
      opened={asking !== undefined}
      title={rejects ? t`Reject the referral` : t`Approve the referral`}
      action={rejects ? t`Reject` : t`Approve`}
      danger={rejects}
      busy={review.isPending}
      onClose={onClose}
      onConfirm={(reason) => {
        if (asking !== undefined) review.mutate({ ...asking, reason });
      }}
    >
      {rejects ? <Trans>Neither the member nor the friend gets anything for it.</Trans> : <Trans>Both get what the program promises, as soon as it is due.</Trans>}
    </ReasonDialog>
  );
}
