import { Trans, useLingui } from "@lingui/react/macro";
import type { Scope } from "@perennial/api-admin";
import { keyListQueryKey, keyPostMutation } from "@perennial/api-admin/queries";
import { Button, Group, Stack, TextInput } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { ScopeBoxes } from "../../program/scope-boxes";
import { endOf } from "../../shell/days";
import { ShownOnce } from "../../shell/shown-once";
import { Wrong } from "../../shell/wrong";

/** What it is for, what it may do, until when; then the secret, once. */
export function KeyForm({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<Scope[]>([]);
  const [lastDay, setLastDay] = useState("");
  const make = useMutation({
    ...keyPostMutation(),
    onSuccess: () => cache.invalidateQueries({ queryKey: keyListQueryKey() }),
  });
  const secret = make.data?.secret;
  if (secret != null) {
    return (
      <ShownOnce title={t`This is the key`} secret={secret} label={t`The key`} copy={t`Copy the key`} done={t`I have kept it`} onDone={onClose}>
        <Trans>It is shown this once. Put it where the program keeps its secrets, and nowhere else.</Trans>
      </ShownOnce>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate({
          body: { name: name.trim(), scopes, ...(lastDay === "" ? {} : { expires_at: endOf(lastDay) }) },
        });
      }}
    >
      <Stack gap="md">
        <Wrong error={make.error} />
        <TextInput
          label={t`What it is for`}
          placeholder={t`Web shop`}
          required
          withAsterisk={false}
          data-autofocus
          dir="auto"
          value={name}
          onChange={(event) => {
            setName(event.currentTarget.value);
          }}
        />
        <ScopeBoxes label={t`What it may do`} chosen={scopes} error={undefined} onChange={setScopes} />
        <TextInput
          type="date"
          maw={280}
          label={t`Last day`}
          description={t`Empty: it does not end.`}
          value={lastDay}
          onChange={(event) => {
            setLastDay(event.currentTarget.value);
          }}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={make.isPending} disabled={scopes.length === 0}>
            <Trans>Make the key</Trans>
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
