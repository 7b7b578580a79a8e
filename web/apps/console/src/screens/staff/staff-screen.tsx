import { Trans, useLingui } from "@lingui/react/macro";
import { roleListOptions } from "@perennial/api-admin/queries";
import { Loading, Page, Stack } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";

import { Answer } from "../../shell/answer";
import { Invitations } from "./invitations";
import { InviteButton } from "./invite-button";
import { People } from "./people";

/** Come after the people, whom most are here for. */
const Demands = lazy(async () => ({ default: (await import("./demands")).Demands }));
const Roles = lazy(async () => ({ default: (await import("./roles")).Roles }));

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
        <Invitations roles={roles.data?.data ?? []} />
        <Suspense fallback={<Loading lines={6} />}>
          <Answer query={roles}>{({ data }) => <Roles roles={data} />}</Answer>
          <Demands />
        </Suspense>
      </Stack>
    </Page>
  );
}
