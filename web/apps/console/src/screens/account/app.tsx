import { Plural, Trans, useLingui } from "@lingui/react/macro";
import type { AppView, FactorsView } from "@perennial/api-admin";
import { factorsGetQueryKey, totpBeginMutation, totpRemoveMutation } from "@perennial/api-admin/queries";
import { Badge, Button, Group, Panel, Stack, tellDone, Text, useDisclosure } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { sessionOptions } from "../../session/session";
import { NewApp } from "./new-app";
import { ProofDialog } from "./proof-dialog";
import { RecoveryCodes } from "./recovery-codes";

/** An app that shows codes: the second step of signing in. */
export function App({ factors }: { factors: FactorsView }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const [asking, { open, close }] = useDisclosure(false);
  const [made, setMade] = useState<AppView>();
  const [codes, setCodes] = useState<readonly string[]>();
  const begin = useMutation({
    ...totpBeginMutation(),
    onSuccess: (app) => {
      close();
      setMade(app);
    },
  });
  const remove = useMutation({
    ...totpRemoveMutation(),
    onSuccess: async (left) => {
      close();
      // Those that still stand here open nothing any more.
      setCodes(undefined);
      cache.setQueryData(factorsGetQueryKey(), left);
      tellDone(t`The app counts no more`);
      await cache.invalidateQueries({ queryKey: sessionOptions.queryKey });
    },
  });
  const change = factors.totp ? remove : begin;
  async function added(recovery: readonly string[]) {
    setMade(undefined);
    setCodes(recovery);
    await Promise.all([
      cache.invalidateQueries({ queryKey: factorsGetQueryKey() }),
      cache.invalidateQueries({ queryKey: sessionOptions.queryKey }),
    ]);
  }
  return (
    <Panel
      title={t`App with codes`}
      hint={t`With it a password alone opens nothing.`}
      actions={
        made === undefined && (
          <Button variant={factors.totp ? "default" : "filled"} size="xs" onClick={open}>
            {factors.totp ? <Trans>Take it away…</Trans> : <Trans>Add an app…</Trans>}
          </Button>
        )
      }
    >
      <Stack gap="md">
        {made !== undefined && <NewApp app={made} onAdded={(recovery) => void added(recovery)} />}
        {codes !== undefined && <RecoveryCodes codes={codes} />}
        {made === undefined && (
          <Group gap="sm">
            <Badge tone={factors.totp ? "good" : "warn"}>{factors.totp ? <Trans>On</Trans> : <Trans>Off</Trans>}</Badge>
            {factors.totp && (
              <Text size="sm" c="dimmed">
                <Plural value={factors.recovery_codes} one="# recovery code is left." other="# recovery codes are left." />
              </Text>
            )}
          </Group>
        )}
      </Stack>
      <ProofDialog
        opened={asking}
        title={factors.totp ? t`Take the app away` : t`Add an app`}
        action={factors.totp ? t`Take it away` : t`Go on`}
        danger={factors.totp}
        error={change.error}
        busy={change.isPending}
        onClose={close}
        onProof={(password) => {
          change.mutate({ body: { password } });
        }}
      >
        {factors.totp ? <Trans>Its codes and the recovery codes count no more.</Trans> : undefined}
      </ProofDialog>
    </Panel>
  );
}
