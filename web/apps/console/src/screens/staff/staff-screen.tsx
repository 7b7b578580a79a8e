import { Trans, useLingui } from "@lingui/react/macro";
import { roleListOptions } from "@perennial/api-admin/queries";
import { Page, Stack } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";

import { Answer } from "../../shell/answer";
import { Demands } from "./demands";
import { Invitations } from "./invitations";
import { InviteButton } from "./invite-button";
import { People } from "./people";
import { Roles } from "./roles";

/** Who works here, what they may do, and what two people must want. */
export function StaffScreen() {
  const { t } = useLingui();
  const roles = useQuery(roleListOptions());
  return (
    <Page
      title={t`Staff and roles`}
      intro={<Trans>A change counts from the very next click of whoever it is about.</Trans>}
      actions={<InviteButton roles={roles.data?.data ?? []} />}
    >
      <Stack gap="lg">
        <Answer query={roles}>{({ data }) => <People roles={data} />}</Answer>
        <Invitations />
        <Answer query={roles}>{({ data }) => <Roles roles={data} />}</Answer>
        <Demands />
      </Stack>
    </Page>
  );
}
