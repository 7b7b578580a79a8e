import { Trans, useLingui } from "@lingui/react/macro";
import { keyPostMutation } from "@perennial/api-admin/queries";
import { Button, Dialog, tellFailed } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { toldBy } from "../../shell/problem";
import { ShownOnce } from "../../shell/shown-once";

/** Makes the first key of the shop and shows its secret, once. */
export function FirstKey() {
  const { t } = useLingui();
  const cache = useQueryClient();
  const make = useMutation({
    ...keyPostMutation(),
    onError: (error) => {
      tellFailed(t`No key was made`, toldBy(error).detail);
    },
  });
  const secret = make.data?.secret ?? undefined;
  function close() {
    make.reset();
    void cache.invalidateQueries();
  }
  return (
    <>
      <Button
        mt="xs"
        size="xs"
        variant="default"
        loading={make.isPending}
        onClick={() => {
          make.mutate({ body: { name: t`Shop`, scopes: ["read", "write"] } });
        }}
      >
        <Trans>Make a key</Trans>
      </Button>
      <Dialog opened={secret !== undefined} title={t`The key of the shop`} onClose={close}>
        <ShownOnce secret={secret ?? ""} label={t`The key of the shop`} copy={t`Copy`} done={t`I have it`} onDone={close}>
          <Trans>It is shown this once and stored nowhere. It may read, and report customers and orders.</Trans>
        </ShownOnce>
      </Dialog>
    </>
  );
}
