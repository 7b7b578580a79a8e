import { Trans, useLingui } from "@lingui/react/macro";
import { voucherVoidMutation } from "@perennial/api-admin/queries";
import { ReasonDialog } from "@perennial/forms";
import { Button, tellDone, tellFailed, useDisclosure } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { toldBy } from "../../shell/problem";

/** Take one code back for good: two clicks and a reason. */
export function VoidButton({ code, last4 }: { code: string; last4: string }) {
  const { t } = useLingui();
  const [asking, { open, close }] = useDisclosure(false);
  const cache = useQueryClient();
  // Isolated, and from left to right: else its end would come first in a sentence that is read from right to left.
  const shown = `\u2066…${last4}\u2069`;
  const end = useMutation({
    ...voucherVoidMutation(),
    onSuccess: async () => {
      close();
      tellDone(t`The code is taken back`);
      await cache.invalidateQueries({ queryKey: ["code", code] });
    },
    onError: (error) => {
      tellFailed(t`The code was not taken back`, toldBy(error).detail);
    },
  });
  return (
    <>
      <Button variant="default" size="xs" color="red.8" onClick={open}>
        <Trans>Take it back…</Trans>
      </Button>
      <ReasonDialog
        opened={asking}
        title={t`Take the code ${shown} back`}
        action={t`Take it back`}
        danger
        busy={end.isPending}
        onClose={close}
        onConfirm={(reason) => {
          end.mutate({ path: { code }, body: { reason } });
        }}
      >
        <Trans>Nobody can use it any more. This cannot be undone; a new code can be made.</Trans>
      </ReasonDialog>
    </>
  );
}
