import { Trans, useLingui } from "@lingui/react/macro";
import { type CustomerView, mergePost } from "@perennial/api-admin";
import { mergePreviewOptions } from "@perennial/api-admin/queries";
import { DialogForm } from "@perennial/forms";
import { Dialog, NativeSelect, Stack, Text, Textarea, TextInput, tellDone } from "@perennial/ui";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";

import { useWorkspace } from "../../session/workspace";
import { Answer } from "../../shell/answer";
import { Wrong } from "../../shell/wrong";
import { findOptions } from "../members/find";
import { MergePreview } from "./merge-preview";

const ACCEPTED = 202;
const NAMES = ["name", "full_name", "last_name", "first_name"];

/** Find the account that stays, see what a merge would do, and do it, with the reason. */
export default function MergeDialog({ member, onClose }: { member: CustomerView; onClose: () => void }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { code: workspace } = useWorkspace();
  const [id] = useState(() => `console-${crypto.randomUUID()}`);
  const [words, setWords] = useState(() => nameOf(member));
  const [into, setInto] = useState("");
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const asked = useDeferredValue(words.trim());
  const found = useQuery({ ...findOptions(asked), enabled: asked !== "" });
  const others = asked === "" ? [] : (found.data ?? []).filter((each) => each.id !== member.id);
  const preview = useQuery({
    ...mergePreviewOptions({ path: { id: member.id }, query: { into } }),
    enabled: into !== "",
    retry: false,
    gcTime: 0,
  });
  const send = useMutation({
    mutationFn: () => mergePost({ path: { id: member.id }, body: { id, into, reason: reason.trim() }, throwOnError: true }),
    onSuccess: async ({ response }) => {
      onClose();
      if (response.status === ACCEPTED) {
        tellDone(t`It waits for a second person under Approvals`);
        return;
      }
      tellDone(t`${member.id} is part of ${into} now`);
      cache.clear();
      await navigate({ to: "/$workspace/members/$customer", params: { workspace, customer: into } });
    },
  });
  function submit() {
    setTried(true);
    if (into !== "" && preview.data !== undefined && reason.trim() !== "") send.mutate();
  }
  return (
    <Dialog opened onClose={onClose} title={t`Merge ${member.id} into another account`} size="lg">
      <DialogForm action={t`Merge for good`} danger busy={send.isPending} ownWords onClose={onClose} onSubmit={submit}>
        <Wrong error={send.error} />
        <Text size="sm">
          <Trans>
            For one person with two accounts: points with their dates, orders, vouchers and all else go to the account that stays. This
            cannot be undone.
          </Trans>
        </Text>
        <TextInput
          label={t`Find the account that stays`}
          description={t`By name, address, number or id`}
          dir="auto"
          autoComplete="off"
          data-autofocus
          value={words}
          onChange={(event) => {
            setWords(event.currentTarget.value);
            setInto("");
          }}
        />
        <NativeSelect
          label={t`The account that stays`}
          data={[
            { value: "", label: others.length === 0 ? t`Nobody else is found` : t`Choose one` },
            ...others.map((each) => ({
              value: each.id,
              label: [each.id, each.name, ...each.identifiers.map(({ value }) => value)].filter((part) => part !== "").join(" · "),
            })),
          ]}
          value={into}
          error={tried && into === "" && t`Choose the account that stays.`}
          onChange={(event) => {
            setInto(event.currentTarget.value);
          }}
        />
        {into !== "" && (
          <Stack gap="sm" aria-live="polite">
            <Answer query={preview}>{(told) => <MergePreview told={told} wallets={member.wallets} />}</Answer>
          </Stack>
        )}
        <Textarea
          label={t`Reason`}
          autosize
          minRows={2}
          value={reason}
          error={tried && reason.trim() === "" && t`Say why, for those who read it later.`}
          onChange={(event) => {
            setReason(event.currentTarget.value);
          }}
        />
      </DialogForm>
    </Dialog>
  );
}

/** What a member is called: whoever is called the same may be the same person. */
function nameOf({ attributes }: CustomerView): string {
  const value = NAMES.map((name) => attributes[name]).find((each) => typeof each === "string" && each !== "");
  return typeof value === "string" ? value : "";
}
