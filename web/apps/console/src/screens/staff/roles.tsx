import { Trans, useLingui } from "@lingui/react/macro";
import type { RoleView } from "@perennial/api-admin";
import { Badge, Button, type Column, DataTable, Dialog, Group, Panel } from "@perennial/ui";
import { useState } from "react";

import { useFormat } from "../../i18n/format";
import { useRoleName } from "../../program/roles";
import { SCOPES } from "../../program/scopes";
import { RoleForm } from "./role-form";

const NEW: RoleView = { role: "", name: "", built_in: false, scopes: ["read"] };

/** The roles of this workspace: seven that come with it, and its own. */
export function Roles({ roles }: { roles: readonly RoleView[] }) {
  const { t } = useLingui();
  const [open, setOpen] = useState<RoleView>();
  const columns = useColumns(setOpen);
  return (
    <Panel
      title={t`Roles`}
      flush
      actions={
        <Button
          size="xs"
          variant="default"
          onClick={() => {
            setOpen(NEW);
          }}
        >
          <Trans>New role…</Trans>
        </Button>
      }
    >
      <DataTable label={t`Roles`} columns={columns} rows={roles} keyOf={(row) => row.role} />
      <Dialog
        opened={open !== undefined}
        onClose={() => {
          setOpen(undefined);
        }}
        title={open?.role === "" ? t`New role` : t`Change a role`}
        size="lg"
      >
        {open !== undefined && (
          <RoleForm
            role={open}
            others={roles}
            onDone={() => {
              setOpen(undefined);
            }}
          />
        )}
      </Dialog>
    </Panel>
  );
}

function useColumns(onOpen: (role: RoleView) => void): Column<RoleView>[] {
  const { t } = useLingui();
  const format = useFormat();
  const nameOf = useRoleName();
  return [
    {
      id: "name",
      title: t`Role`,
      cell: ({ role, name, built_in: builtIn }) => (
        <Group gap={6} miw={{ base: 0, sm: "6rem" }}>
          <bdi>{nameOf(role, name)}</bdi>
          {!builtIn && (
            <Badge tone="info">
              <Trans>your own</Trans>
            </Badge>
          )}
        </Group>
      ),
    },
    { id: "may", title: t`May`, cell: ({ scopes }) => scopes.map((scope) => t(SCOPES[scope])).join(" · ") },
    {
      id: "most",
      title: t`Points by hand`,
      numeric: true,
      cell: ({ scopes, credit_most: most, credit_per_day: day }) => {
        if (!scopes.includes("adjust") && !scopes.includes("admin")) return "–";
        if (most == null && day == null) return t`no limit`;
        return format.list([...(most == null ? [] : [t`${format.number(most)} at a time`]), ...(day == null ? [] : [t`${format.number(day)} a day`])]);
      },
    },
    {
      id: "change",
      title: t`Change`,
      cell: (role) =>
        role.built_in ? (
          "–"
        ) : (
          <Button
            size="xs"
            variant="default"
            aria-label={t`Change the role ${role.name}`}
            onClick={() => {
              onOpen(role);
            }}
          >
            <Trans>Change…</Trans>
          </Button>
        ),
    },
  ];
}
