import { Trans, useLingui } from "@lingui/react/macro";
import { sessionEndMutation } from "@perennial/api-admin/queries";
import { ActionIcon, Menu, Text } from "@perennial/ui";
import { IconLogout, IconSettings, IconUser } from "@perennial/ui/icons";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { sessionOptions } from "../session/session";
import { useWorkspace } from "../session/workspace";

/** Who is signed in, in which role, and the way out. */
export function AccountMenu() {
  const { t } = useLingui();
  const { data } = useSuspenseQuery(sessionOptions);
  const { code: workspace } = useWorkspace();
  const navigate = useNavigate();
  const signOut = useMutation({
    ...sessionEndMutation(),
    // A fresh page: nothing of what was read stays in memory.
    onSettled: () => {
      window.location.assign(`${import.meta.env.BASE_URL}sign-in`);
    },
  });
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon variant="light" size={36} radius="xl" aria-label={t`Your account`}>
          <IconUser size={19} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} c="bright">
            <bdi>{data.name}</bdi>
          </Text>
          <Text size="xs">
            <bdi>{data.email}</bdi>
          </Text>
          <Text size="xs">
            <Trans>Role: {data.role}</Trans>
          </Text>
        </Menu.Label>
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconSettings size={17} aria-hidden />}
          onClick={() => void navigate({ to: "/$workspace/account", params: { workspace } })}
        >
          <Trans>My account</Trans>
        </Menu.Item>
        <Menu.Item
          leftSection={<IconLogout size={17} aria-hidden />}
          onClick={() => {
            signOut.mutate({});
          }}
        >
          <Trans>Sign out</Trans>
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
