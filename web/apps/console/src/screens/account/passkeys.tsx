import { Trans, useLingui } from "@lingui/react/macro";
import { type FactorsView, passkeyBegin, passkeyPost, type PasskeyView } from "@perennial/api-admin";
import { factorsGetQueryKey, passkeyDeleteMutation } from "@perennial/api-admin/queries";
import { ConfirmDialog } from "@perennial/forms";
import { Button, Panel, Stack, tellDone, tellFailed, Text, useDisclosure } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { useFormat } from "../../i18n/format";
import { makePasskey, passkeysWork } from "../../session/passkeys";
import { sessionOptions } from "../../session/session";
import { toldBy } from "../../shell/problem";
import { ProofDialog } from "./proof-dialog";
import { Row } from "./row";

/** Passkeys, which open the door by themselves. */
export function Passkeys({ factors }: { factors: FactorsView }) {
  const { t } = useLingui();
  const format = useFormat();
  const cache = useQueryClient();
  const [asking, { open, close }] = useDisclosure(false);
  const [leaving, setLeaving] = useState<PasskeyView>();
  const again = () =>
    Promise.all([cache.invalidateQueries({ queryKey: factorsGetQueryKey() }), cache.invalidateQueries({ queryKey: sessionOptions.queryKey })]);
  const add = useMutation({
    mutationFn: async (password: string) => {
      const { data } = await passkeyBegin({ body: { password }, throwOnError: true });
      const credential = await makePasskey(data.options);
      await passkeyPost({ body: { ticket: data.ticket, name: t`Passkey of ${format.date(new Date().toISOString())}`, credential }, throwOnError: true });
    },
    onSuccess: async () => {
      close();
      tellDone(t`The passkey is added`);
      await again();
    },
  });
  const remove = useMutation({
    ...passkeyDeleteMutation(),
    onSuccess: async () => {
      setLeaving(undefined);
      tellDone(t`The passkey counts no more`);
      await again();
    },
    onError: (error) => {
      tellFailed(t`The passkey is still there`, toldBy(error).detail);
    },
  });
  return (
    <Panel
      title={t`Passkeys`}
      hint={t`A finger, a face or the PIN of this device instead of the password.`}
      actions={
        passkeysWork() && (
          <Button size="xs" variant="default" onClick={open}>
            <Trans>Add a passkey…</Trans>
          </Button>
        )
      }
    >
      <Stack gap="xs">
        {factors.passkeys.length === 0 && (
          <Text size="sm" c="dimmed">
            <Trans>None yet.</Trans>
          </Text>
        )}
        {factors.passkeys.map((passkey) => (
          <Row
            key={passkey.id}
            name={<bdi>{passkey.name}</bdi>}
            note={passkey.used_at == null ? t`never used` : t`used ${format.ago(passkey.used_at)}`}
            action={t`Remove…`}
            label={t`Remove ${passkey.name}`}
            onAction={() => {
              setLeaving(passkey);
            }}
          />
        ))}
      </Stack>
      <ProofDialog
        opened={asking}
        title={t`Add a passkey`}
        action={t`Go on`}
        error={add.error}
        busy={add.isPending}
        onClose={close}
        onProof={add.mutate}
      />
      <ConfirmDialog
        opened={leaving !== undefined}
        title={t`Remove ${leaving?.name ?? ""}`}
        action={t`Remove it`}
        busy={remove.isPending}
        onClose={() => {
          setLeaving(undefined);
        }}
        onConfirm={() => {
          if (leaving !== undefined) remove.mutate({ path: { id: leaving.id } });
        }}
      >
        <Trans>It opens the door no more, on any device. This cannot be undone.</Trans>
      </ConfirmDialog>
    </Panel>
  );
}
