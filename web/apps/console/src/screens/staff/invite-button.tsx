import { Trans, useLingui } from "@lingui/react/macro";
import type { RoleView } from "@perennial/api-admin";
import { invitationListQueryKey, invitationPostMutation } from "@perennial/api-admin/queries";
import { Button, Dialog, Group, NativeSelect, Stack, TextInput, useDisclosure } from "@perennial/ui";
import { IconPlus } from "@perennial/ui/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { useRoleName } from "../../program/roles";
import { ShownOnce } from "../../shell/shown-once";
import { Wrong } from "../../shell/wrong";

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
        <InviteForm roles={roles} onClose={close} />
      </Dialog>
    </>
  );
}

function InviteForm({ roles, onClose }: { roles: readonly RoleView[]; onClose: () => void }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const nameOf = useRoleName();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState("marketer");
  const invite = useMutation({
    ...invitationPostMutation(),
    onSuccess: () => cache.invalidateQueries({ queryKey: invitationListQueryKey() }),
  });
  const link = invite.data?.link;
  if (link != null) {
    return (
      <ShownOnce title={t`Send this link to ${email}`} secret={link} label={t`Link of the invitation`} copy={t`Copy the link`} done={t`I have it`} onDone={onClose}>
        <Trans>It is good once, for seven days, and is not shown again.</Trans>
      </ShownOnce>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        invite.mutate({ body: { email: email.trim(), role } });
      }}
    >
      <Stack gap="md">
        <Wrong error={invite.error} />
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
          data={roles.map((each) => ({ value: each.role, label: nameOf(each.role, each.name) }))}
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
