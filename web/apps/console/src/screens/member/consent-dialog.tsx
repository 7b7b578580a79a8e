import { useLingui } from "@lingui/react/macro";
import { type ConsentChannel, consentPost, type ConsentState, type ConsentView, type CustomerView } from "@perennial/api-admin";
import { customerGetQueryKey } from "@perennial/api-admin/queries";
import { DialogForm } from "@perennial/forms";
import { Dialog, NativeSelect, tellDone, Textarea, TextInput } from "@perennial/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { Wrong } from "../../shell/wrong";
import { consentsKey } from "./consent-history";
import { CHANNELS, PURPOSES, purposeOf, SAID_AT_DESK } from "./consent-words";

const NAME = /^[a-z][a-z0-9_-]{0,62}$/;
/** No purpose is called so: the names of purposes begin with a letter. */
const ANOTHER = "+";

export interface ConsentDialogProps {
  member: CustomerView;
  /** What stands and is to be changed. */
  consent: ConsentView | undefined;
  onClose: () => void;
}

/** Record for a member what they gave or withdrew, and from where one knows. */
export default function ConsentDialog({ member, consent, onClose }: ConsentDialogProps) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const known = [...new Set([...Object.keys(PURPOSES), ...member.consents.map(({ purpose }) => purpose)])];
  const [chosen, setChosen] = useState(consent?.purpose ?? "marketing");
  const [named, setNamed] = useState("");
  const [channel, setChannel] = useState<ConsentChannel>(consent?.channel ?? "email");
  const [state, setState] = useState<ConsentState>(consent?.state === "given" ? "withdrawn" : "given");
  const [source, setSource] = useState("till");
  const [wording, setWording] = useState("");
  const [proof, setProof] = useState("");
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const purpose = chosen === ANOTHER ? named.trim() : chosen;
  const path = { id: member.id };
  const record = useMutation({
    mutationFn: () =>
      consentPost({
        path,
        body: {
          consents: [
            {
              channel,
              purpose,
              state,
              source,
              reason: reason.trim(),
              ...(wording.trim() === "" || state === "withdrawn" ? {} : { wording: wording.trim() }),
              ...(proof.trim() === "" ? {} : { proof: proof.trim() }),
            },
          ],
        },
        throwOnError: true,
      }),
    onSuccess: async () => {
      onClose();
      tellDone(state === "given" ? t`The consent is recorded` : t`The withdrawal is recorded`);
      await Promise.all([
        cache.invalidateQueries({ queryKey: customerGetQueryKey({ path }) }),
        cache.invalidateQueries({ queryKey: consentsKey(member.id) }),
      ]);
    },
  });
  function submit() {
    setTried(true);
    if (NAME.test(purpose) && reason.trim() !== "") record.mutate();
  }
  return (
    <Dialog opened onClose={onClose} title={t`Consent of ${member.id}`}>
      <DialogForm action={t`Record`} busy={record.isPending} ownWords onClose={onClose} onSubmit={submit}>
        <Wrong error={record.error} />
        <NativeSelect
          label={t`What the member says`}
          data={[
            { value: "given", label: t`Yes, that may be sent` },
            { value: "withdrawn", label: t`No, nothing of it any more` },
          ]}
          value={state}
          onChange={(event) => {
            setState(event.currentTarget.value === "given" ? "given" : "withdrawn");
          }}
        />
        <NativeSelect
          label={t`Purpose`}
          data={[...known.map((each) => ({ value: each, label: purposeOf(t, each) })), { value: ANOTHER, label: t`Another purpose…` }]}
          value={chosen}
          onChange={(event) => {
            setChosen(event.currentTarget.value);
          }}
        />
        {chosen === ANOTHER && (
          <TextInput
            label={t`Name of the purpose`}
            description={t`As your other systems call it.`}
            dir="ltr"
            value={named}
            error={tried && !NAME.test(purpose) && t`Small letters, digits, - and _, beginning with a letter, such as spring-sale.`}
            onChange={(event) => {
              setNamed(event.currentTarget.value);
            }}
          />
        )}
        <NativeSelect
          label={t`Channel`}
          data={Object.entries(CHANNELS).map(([value, words]) => ({ value, label: t(words) }))}
          value={channel}
          onChange={(event) => {
            setChannel(event.currentTarget.value as ConsentChannel);
          }}
        />
        <NativeSelect
          label={t`Where it was said`}
          data={Object.entries(SAID_AT_DESK).map(([value, words]) => ({ value, label: t(words) }))}
          value={source}
          onChange={(event) => {
            setSource(event.currentTarget.value);
          }}
        />
        {state === "given" && (
          <TextInput
            label={t`Version of the text`}
            description={t`Of what the member was shown, if it has one.`}
            dir="auto"
            maxLength={100}
            value={wording}
            onChange={(event) => {
              setWording(event.currentTarget.value);
            }}
          />
        )}
        <TextInput
          label={t`Proof`}
          description={t`Where it can be looked up, such as the number of a form.`}
          dir="auto"
          maxLength={300}
          value={proof}
          onChange={(event) => {
            setProof(event.currentTarget.value);
          }}
        />
        <Textarea
          label={t`Reason`}
          autosize
          minRows={2}
          maxLength={1000}
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
