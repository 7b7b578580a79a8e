import { Trans, useLingui } from "@lingui/react/macro";
import type { RoleView, StaffList, StaffView } from "@perennial/api-admin";
import { staffDelete, staffRole } from "@perennial/api-admin";
import { staffListOptions, staffListQueryKey } from "@perennial/api-admin/queries";
import { ConfirmDialog } from "@perennial/forms";
import { Badge, Button, type Column, DataTable, NativeSelect, Panel, tellDone, tellFailed, useDisclosure } from "@perennial/ui";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";
import { useRoleName } from "../../program/roles";
import { sessionOptions } from "../../session/session";
import { Answer } from "../../shell/answer";
import { toldBy } from "../../shell/problem";

/** Everybody with a role here. */
export function People({ roles }: { roles: readonly RoleView[] }) {
  const { t } = useLingui();
  const query = useQuery(staffListOptions());
  const columns = useColumns(roles);
  return (
    <Panel title={t`People`} flush>
      <Answer query={query}>{({ data }) => <DataTable label={t`People`} columns={columns} rows={data} keyOf={(row) => row.id} />}</Answer>
    </Panel>
  );
}

function useColumns(roles: readonly RoleView[]): Column<StaffView>[] {
  const { t } = useLingui();
  const format = useFormat();
  const { data: me } = useSuspenseQuery(sessionOptions);
  return [
    { id: "name", title: t`Name`, cell: ({ name }) => <bdi>{name}</bdi> },
    { id: "email", title: t`E-mail address`, cell: ({ email }) => <bdi>{email}</bdi> },
    { id: "role", title: t`Role`, cell: (person) => <RoleSelect person={person} roles={roles} self={person.id === me.id} /> },
    {
      id: "factors",
      title: t`Second step`,
      cell: ({ factors }) => <Badge tone={factors > 0 ? "good" : "warn"}>{factors > 0 ? <Trans>On</Trans> : <Trans>Off</Trans>}</Badge>,
    },
    { id: "seen", title: t`Seen`, cell: ({ seen_at: at }) => (at == null ? "–" : format.ago(at)) },
    { id: "end", title: t`Access`, cell: (person) => (person.id === me.id ? <Trans>you</Trans> : <RemoveButton person={person} />) },
  ];
}

function RoleSelect({ person, roles, self }: { person: StaffView; roles: readonly RoleView[]; self: boolean }) {
  const { t } = useLingui();
  const { give } = useGiveRole();
  const nameOf = useRoleName();
  return (
    <NativeSelect
      size="xs"
      w={150}
      aria-label={t`Role of ${person.name}`}
      data={roles.map(({ role, name }) => ({ value: role, label: nameOf(role, name) }))}
      value={person.role}
      disabled={self}
      onChange={(event) => {
        give(person, event.currentTarget.value);
      }}
    />
  );
}

/** Shown at once, taken back if the server refuses, and undone with one click. */
function useGiveRole() {
  const { t } = useLingui();
  const cache = useQueryClient();
  const key = staffListQueryKey();
  const mutation = useMutation({
    mutationFn: ({ id, role }: { id: string; role: string }) => staffRole({ path: { id }, body: { role }, throwOnError: true }),
    onMutate: ({ id, role }) => {
      const before = cache.getQueryData<StaffList>(key);
      if (before !== undefined) {
        cache.setQueryData<StaffList>(key, { ...before, data: before.data.map((each) => (each.id === id ? { ...each, role } : each)) });
      }
      return before;
    },
    onError: (error, _, before) => {
      cache.setQueryData(key, before);
      tellFailed(t`The role stays as it was`, toldBy(error).detail);
    },
    onSettled: () => cache.invalidateQueries({ queryKey: key }),
  });
  function give(person: StaffView, role: string) {
    mutation.mutate(
      { id: person.id, role },
      {
        onSuccess: () => {
          tellDone(t`${person.name} has another role now`, {
            label: t`Undo`,
            run: () => {
              mutation.mutate({ id: person.id, role: person.role });
            },
          });
        },
      },
    );
  }
  return { give };
}

function RemoveButton({ person }: { person: StaffView }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const [asking, { open, close }] = useDisclosure(false);
  const remove = useMutation({
    mutationFn: () => staffDelete({ path: { id: person.id }, throwOnError: true }),
    onSuccess: async () => {
      close();
      tellDone(t`${person.name} has no access any more`);
      await cache.invalidateQueries({ queryKey: staffListQueryKey() });
    },
    onError: (error) => {
      tellFailed(t`Nothing was taken away`, toldBy(error).detail);
    },
  });
  return (
    <>
      <Button size="xs" variant="default" aria-label={t`Take the access of ${person.name} away`} onClick={open}>
        <Trans>Take away…</Trans>
      </Button>
      <ConfirmDialog
        opened={asking}
        title={t`Take the access of ${person.name} away`}
        action={t`Take it away`}
        busy={remove.isPending}
        onClose={close}
        onConfirm={remove.mutate}
      >
        <Trans>All sessions of this person in this workspace end at once. They can be invited again.</Trans>
      </ConfirmDialog>
    </>
  );
}
