import { Trans, useLingui } from "@lingui/react/macro";
import { invitationDelete, type RoleView } from "@perennial/api-admin";
import { invitationListOptions, invitationListQueryKey } from "@perennial/api-admin/queries";
import { Button, DataTable, Panel, tellDone, tellFailed } from "@perennial/ui";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";
import { useRoleName } from "../../program/roles";
import { useActor } from "../../session/use-actor";
import { toldBy } from "../../shell/problem";

/** Invitations that nobody has taken yet. */
export function Invitations({ roles }: { roles: readonly RoleView[] }) {
  const { t } = useLingui();
  const format = useFormat();
  const cache = useQueryClient();
  const nameOf = useRoleName();
  const actorOf = useActor();
  const { data } = useQuery(invitationListOptions());
  const withdraw = useMutation({
    mutationFn: (id: string) => invitationDelete({ path: { id }, throwOnError: true }),
    onSuccess: () => {
      tellDone(t`The link opens nothing any more`);
    },
    onError: (error) => {
      tellFailed(t`The invitation still stands`, toldBy(error).detail);
    },
    onSettled: () => cache.invalidateQueries({ queryKey: invitationListQueryKey() }),
  });
  const rows = data?.data ?? [];
  if (rows.length === 0) return null;
  return (
    <Panel title={t`Invited`} flush>
      <DataTable
        label={t`Invited`}
        columns={[
          { id: "email", title: t`E-mail address`, cell: ({ email }) => <bdi>{email}</bdi> },
          { id: "role", title: t`Role`, cell: ({ role }) => <bdi>{nameOf(role, roles.find((each) => each.role === role)?.name)}</bdi> },
          { id: "by", title: t`Invited by`, cell: ({ actor }) => <bdi>{actorOf(actor)}</bdi> },
          { id: "until", title: t`Good until`, cell: ({ expires_at: at }) => format.moment(at) },
          {
            id: "end",
            title: t`Access`,
            cell: ({ id, email }) => (
              <Button
                size="xs"
                variant="default"
                aria-label={t`Withdraw the invitation of ${email}`}
                onClick={() => {
                  withdraw.mutate(id);
                }}
              >
                <Trans>Withdraw</Trans>
              </Button>
            ),
          },
        ]}
        rows={rows}
        keyOf={(row) => row.id}
      />
    </Panel>
  );
}
