import { Trans, useLingui } from "@lingui/react/macro";
import type { RoleView } from "@perennial/api-admin";
import { invitationListQueryKey, invitationPostMutation } from "@perennial/api-admin/queries";
import { Alert, Button, Code, CopyButton, Dialog, Group, NativeSelect, Stack, TextInput, useDisclosure } from "@perennial/ui";
import { IconPlus } from "@perennial/ui/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { toldBy } from "../../shell/problem";

/** Invite somebody; the link is shown once and sent by whoever invites. */
export function InviteButton({ roles }: { roles: readonly RoleView[] }) {
  const { t } = useLingui();
  const [open, { open: show, close }] = useDisclosure(false);
  return (
    <>
      <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={show}>
        <Trans>Invite somebody</Trans>
      </Button>
      <Dialog opened={open} onClose={close} title={t`Invite somebody`}>
        <InviteForm roles={roles} />
      </Dialog>
    </>
  );
}

function InviteForm({ roles }: { roles: readonly RoleView[] }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState("marketer");
  const invite = useMutation({
    ...invitationPostMutation(),
    onSuccess: () => cache.invalidateQueries({ queryKey: invitationListQueryKey() }),
  });
  const link = invite.data?.link;
  if (link != null) {
    return (
      <Stack gap="md">
        <Alert color="pine" variant="default" title={t`Send this link to ${email}`}>
          <Trans>It is good once, for seven days, and is not shown again.</Trans>
        </Alert>
        <Code block dir="ltr" aria-label={t`Link of the invitation`}>
          {link}
        </Code>
        <Group justify="flex-end">
          <CopyButton value={link}>
            {({ copied, copy }) => <Button onClick={copy}>{copied ? <Trans>Copied</Trans> : <Trans>Copy the link</Trans>}</Button>}
          </CopyButton>
        </Group>
      </Stack>
    );
  }
  const wrong = invite.isError ? toldBy(invite.error) : undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        invite.mutate({ body: { email: email.trim(), role } });
      }}
    >
      <Stack gap="md">
        {wrong !== undefined && (
          <Alert color="red" variant="default" role="alert">
            {wrong.errors[0]?.message ?? wrong.detail}
          </Alert>
        )}
        <TextInput
          label={t`E-mail address`}
          type="email"
          required
          withAsterisk={false}
          dir="ltr"
          data-autofocus
          value={email}
          onChange={(event) => {
            setEmail(event.currentTarget.value);
          }}
        />
        <NativeSelect
          label={t`Role`}
          data={roles.map((each) => ({ value: each.role, label: each.name }))}
          value={role}
          onChange={(event) => {
            setRole(event.currentTarget.value);
          }}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={invite.isPending}>
            <Trans>Make the invitation</Trans>
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
