import { Trans, useLingui } from "@lingui/react/macro";
import { keyDelete, type KeyView } from "@perennial/api-admin";
import { keyListQueryKey } from "@perennial/api-admin/queries";
import { ConfirmDialog } from "@perennial/forms";
import { Button, tellDone, tellFailed, useDisclosure } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { toldBy } from "../../shell/problem";

/** End a key at once, in two clicks. */
export function RevokeButton({ apiKey }: { apiKey: KeyView }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const [asking, { open, close }] = useDisclosure(false);
  const revoke = useMutation({
    mutationFn: () => keyDelete({ path: { id: apiKey.id }, throwOnError: true }),
    onSuccess: async () => {
      close();
      tellDone(t`The key opens nothing any more`);
      await cache.invalidateQueries({ queryKey: keyListQueryKey() });
    },
    onError: (error) => {
      tellFailed(t`The key still works`, toldBy(error).detail);
    },
  });
  return (
    <>
      <Button size="xs" variant="default" aria-label={t`Revoke ${apiKey.name}`} onClick={open}>
        <Trans>Revoke…</Trans>
      </Button>
      <ConfirmDialog opened={asking} title={t`Revoke ${apiKey.name}`} action={t`Revoke now`} busy={revoke.isPending} onClose={close} onConfirm={revoke.mutate}>
        <Trans>Whatever uses it is refused from its very next call on. This cannot be undone.</Trans>
      </ConfirmDialog>
    </>
  );
}
