import { Trans, useLingui } from "@lingui/react/macro";
import type { DraftView } from "@perennial/api-admin";
import { programPublishMutation } from "@perennial/api-admin/queries";
import { ReasonDialog } from "@perennial/forms";
import { Button, tellDone, tellFailed, useDisclosure } from "@perennial/ui";
import { useMutation } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";
import { toldBy } from "../../shell/problem";
import { useFreshProgram } from "./use-fresh-program";

export interface PublishButtonProps {
  draft: DraftView;
  newest: number | undefined;
  disabled: boolean;
}

/** Makes the saved draft the version that runs. */
export function PublishButton({ draft, newest, disabled }: PublishButtonProps) {
  const { t } = useLingui();
  const format = useFormat();
  const refresh = useFreshProgram();
  const [asking, { open, close }] = useDisclosure(false);
  const publish = useMutation({
    ...programPublishMutation(),
    onSuccess: (published) => {
      close();
      if ("approval" in published) {
        tellDone(t`Asked for: somebody else has to approve it`);
        return refresh();
      }
      const { version } = published;
      tellDone(t`Version ${format.number(version)} is published`);
      return refresh();
    },
    onError: (error) => {
      tellFailed(t`Nothing was published`, toldBy(error).detail);
    },
  });
  return (
    <>
      <Button onClick={open} disabled={disabled}>
        <Trans>Publish…</Trans>
      </Button>
      <ReasonDialog
        opened={asking}
        title={t`Publish ${draft.program}`}
        action={t`Publish`}
        label={t`Note for the history`}
        optional
        busy={publish.isPending}
        onClose={close}
        onConfirm={(note) => {
          publish.mutate({ path: { id: draft.program }, body: { revision: draft.revision, note } });
        }}
      >
        {newest === undefined || newest === 0 ? (
          <Trans>This is the first version. From now on orders earn by it.</Trans>
        ) : (
          <Trans>Orders from now on earn by the new version. What was decided before stays as it is, and you can roll back.</Trans>
        )}
      </ReasonDialog>
    </>
  );
}
