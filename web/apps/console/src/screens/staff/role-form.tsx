import { Trans, useLingui } from "@lingui/react/macro";
import type { RoleView, Scope } from "@perennial/api-admin";
import { roleDelete, rolePut } from "@perennial/api-admin";
import { roleListQueryKey } from "@perennial/api-admin/queries";
import { Button, Group, SimpleGrid, Stack, tellDone, TextInput } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { ScopeBoxes } from "../../program/scope-boxes";
import { freeId, idOf } from "../../shell/ids";
import { Wrong } from "../../shell/wrong";

/** A role of the workspace's own: what it may do, and how many points by hand. */
export function RoleForm({ role, others, onDone }: { role: RoleView; others: readonly RoleView[]; onDone: () => void }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const [name, setName] = useState(role.name);
  const [scopes, setScopes] = useState<Scope[]>(role.scopes);
  const [most, setMost] = useState(role.credit_most == null ? "" : String(role.credit_most));
  const [perDay, setPerDay] = useState(role.credit_per_day == null ? "" : String(role.credit_per_day));
  const done = async () => {
    await cache.invalidateQueries({ queryKey: roleListQueryKey() });
    onDone();
  };
  const save = useMutation({
    mutationFn: () => {
      const taken = others.map((each) => ({ id: each.role }));
      const id = role.role === "" ? freeId(idOf(name, "role", new Date()), taken) : role.role;
      const body = { name: name.trim(), scopes, credit_most: bound(most), credit_per_day: bound(perDay) };
      return rolePut({ path: { id }, body, throwOnError: true });
    },
    onSuccess: async () => {
      tellDone(t`The role is saved`);
      await done();
    },
  });
  const remove = useMutation({
    mutationFn: () => roleDelete({ path: { id: role.role }, throwOnError: true }),
    onSuccess: async () => {
      tellDone(t`The role is gone`);
      await done();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="md">
        <Wrong error={save.error ?? remove.error} />
        <TextInput
          label={t`Name`}
          required
          withAsterisk={false}
          data-autofocus
          dir="auto"
          value={name}
          onChange={(event) => {
            setName(event.currentTarget.value);
          }}
        />
        <ScopeBoxes label={t`What it may do`} chosen={scopes} error={scopes.length === 0 ? t`Choose something.` : undefined} onChange={setScopes} />
        {scopes.includes("adjust") && (
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <TextInput
              label={t`Most points at a time`}
              description={t`Empty: no limit.`}
              inputMode="numeric"
              dir="ltr"
              value={most}
              onChange={(event) => {
                setMost(event.currentTarget.value.replace(/\D/g, ""));
              }}
            />
            <TextInput
              label={t`Most points a day`}
              description={t`Empty: no limit.`}
              inputMode="numeric"
              dir="ltr"
              value={perDay}
              onChange={(event) => {
                setPerDay(event.currentTarget.value.replace(/\D/g, ""));
              }}
            />
          </SimpleGrid>
        )}
        <Group justify="space-between">
          {role.role === "" ? (
            <span />
          ) : (
            <Button
              variant="default"
              loading={remove.isPending}
              onClick={() => {
                remove.mutate();
              }}
            >
              <Trans>Remove the role</Trans>
            </Button>
          )}
          <Button type="submit" loading={save.isPending} disabled={scopes.length === 0}>
            <Trans>Save the role</Trans>
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function bound(text: string): number | null {
  return text === "" ? null : Number(text);
}
