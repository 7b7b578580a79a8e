import { Trans, useLingui } from "@lingui/react/macro";
import { keyPostMutation } from "@perennial/api-admin/queries";
import { Alert, Button, Code, CopyButton, Dialog, Group, Stack, tellFailed } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { toldBy } from "../../shell/problem";

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
          make.mutate({ body: { name: "Shop", scopes: ["read", "write"] } });
        }}
      >
        <Trans>Make a key</Trans>
      </Button>
      <Dialog opened={secret !== undefined} title={t`The key of the shop`} onClose={close}>
        <Stack gap="md">
          <Alert variant="default">
            <Trans>It is shown this once and stored nowhere. It may read, and report customers and orders.</Trans>
          </Alert>
          <Code block dir="ltr">
            {secret}
          </Code>
          <Group justify="flex-end" gap="xs">
            <CopyButton value={secret ?? ""}>
              {({ copied, copy }) => (
                <Button variant="default" onClick={copy}>
                  {copied ? <Trans>Copied</Trans> : <Trans>Copy</Trans>}
                </Button>
              )}
            </CopyButton>
            <Button onClick={close}>
              <Trans>I have it</Trans>
            </Button>
          </Group>
        </Stack>
      </Dialog>
    </>
  );
}
