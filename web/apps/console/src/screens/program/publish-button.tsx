import { Trans, useLingui } from "@lingui/react/macro";
import type { DraftView } from "@perennial/api-admin";
import { planPutMutation, programPublishMutation } from "@perennial/api-admin/queries";
import { DialogForm } from "@perennial/forms";
import { Alert, Button, Checkbox, Dialog, SegmentedControl, Text, Textarea, TextInput, tellDone, tellFailed, useDisclosure } from "@perennial/ui";
import { IconAlertTriangle } from "@perennial/ui/icons";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { valueOf } from "../../editor/document";
import { useFormat } from "../../i18n/format";
import { useProgramName } from "../../program/use-program-name";
import { useMay } from "../../session/may";
import { toldBy } from "../../shell/problem";
import classes from "./program.module.css";
import { useFreshProgram } from "./use-fresh-program";

export interface PublishButtonProps {
  draft: DraftView;
  newest: number | undefined;
  disabled: boolean;
}

/** Makes the saved draft the version that runs: now, or when somebody says. */
export function PublishButton(props: PublishButtonProps) {
  const name = useProgramName()(props.draft.program);
  const { t } = useLingui();
  const [asking, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button onClick={open} disabled={props.disabled}>
        <Trans>Publish…</Trans>
      </Button>
      <Dialog opened={asking} onClose={close} title={t`Publish ${name}`}>
        <PublishForm {...props} onDone={close} />
      </Dialog>
    </>
  );
}

const LONGEST = 500;

function PublishForm({ draft, newest, onDone }: PublishButtonProps & { onDone: () => void }) {
  const { t } = useLingui();
  const [later, setLater] = useState(false);
  const [at, setAt] = useState("");
  const [note, setNote] = useState("");
  const [despite, setDespite] = useState(false);
  const publishing = usePublishing(draft, onDone);
  const zone = valueOf(draft.document)?.time_zone;
  const missing = later && at === "";
  return (
    <DialogForm
      action={later ? t`Plan it` : t`Publish`}
      busy={publishing.busy}
      disabled={missing}
      ownWords
      onClose={onDone}
      onSubmit={() => {
        publishing.send(later ? at : undefined, note.trim(), despite && publishing.failed !== undefined);
      }}
    >
      <Text size="sm" component="div">
        {newest === undefined || newest === 0 ? (
          <Trans>This is the first version. From now on orders earn by it.</Trans>
        ) : (
          <Trans>Orders from now on earn by the new version. What was decided before stays as it is, and you can roll back.</Trans>
        )}
      </Text>
      <SegmentedControl
        aria-label={t`When it is published`}
        data={[
          { value: "now", label: t`Now` },
          { value: "later", label: t`At a time` },
        ]}
        value={later ? "later" : "now"}
        onChange={(next) => {
          setLater(next === "later");
        }}
      />
      {later && (
        <TextInput
          label={t`Publish at`}
          description={t`In the time zone of the program: ${typeof zone === "string" ? zone : "UTC"}. Everything is checked again then; a draft that is changed before has to be planned again.`}
          type="datetime-local"
          value={at}
          error={publishing.moment}
          onChange={(event) => {
            setAt(event.currentTarget.value);
          }}
        />
      )}
      <Textarea
        label={t`Note for the history`}
        data-autofocus
        autosize
        minRows={2}
        maxLength={LONGEST}
        value={note}
        onChange={(event) => {
          setNote(event.currentTarget.value);
        }}
      />
      {publishing.failed !== undefined && <Failed misses={publishing.failed} despite={despite} onDespite={setDespite} />}
    </DialogForm>
  );
}

/** What does not hold, and the way past it for whoever may. */
function Failed({ misses, despite, onDespite }: { misses: readonly { path: string; message: string }[]; despite: boolean; onDespite: (despite: boolean) => void }) {
  const { t } = useLingui();
  const may = useMay("approve");
  return (
    <Alert color="red" variant="default" icon={<IconAlertTriangle size={18} aria-hidden />} title={t`Test cases do not hold`}>
      <ul className={classes.problems}>
        {misses.map(({ path, message }) => (
          <li key={`${path}/${message}`}>
            <bdi>{message}</bdi>
          </li>
        ))}
      </ul>
      {may && <Checkbox mt="sm" label={t`Publish although they do not hold`} checked={despite} onChange={(event) => { onDespite(event.currentTarget.checked); }} />}
    </Alert>
  );
}

/** Publishes or plans, and keeps what was in the way. */
function usePublishing(draft: DraftView, onDone: () => void) {
  const { t } = useLingui();
  const format = useFormat();
  const refresh = useFreshProgram();
  const [failed, setFailed] = useState<readonly { path: string; message: string }[]>();
  const [moment, setMoment] = useState<string>();
  const onError = (error: unknown) => {
    const told = toldBy(error);
    setFailed(told.code === "cases_failed" ? told.errors : undefined);
    const wrong = told.errors.find(({ path }) => path === "$.publish_at");
    setMoment(wrong?.message);
    if (told.code !== "cases_failed" && wrong === undefined) tellFailed(t`Nothing was published`, told.detail);
  };
  const asked = () => {
    onDone();
    tellDone(t`Asked for: somebody else has to approve it`);
    return refresh();
  };
  const publish = useMutation({
    ...programPublishMutation(),
    onError,
    onSuccess: (published) => {
      if ("approval" in published) return asked();
      onDone();
      const { version } = published;
      tellDone(t`Version ${format.number(version)} is published`);
      return refresh();
    },
  });
  const plan = useMutation({
    ...planPutMutation(),
    onError,
    onSuccess: (planned) => {
      if ("approval" in planned) return asked();
      onDone();
      tellDone(t`It is published at ${format.moment(planned.publish_at, planned.time_zone)}`);
      return refresh();
    },
  });
  return {
    busy: publish.isPending || plan.isPending,
    failed,
    moment,
    send: (at: string | undefined, note: string, despiteCases: boolean) => {
      const path = { id: draft.program };
      const body = { revision: draft.revision, note, ...(despiteCases ? { despite_cases: true } : {}) };
      if (at === undefined) publish.mutate({ path, body });
      else plan.mutate({ path, body: { ...body, publish_at: at } });
    },
  };
}
