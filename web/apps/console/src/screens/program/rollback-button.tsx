import { Trans, useLingui } from "@lingui/react/macro";
import { programDiffOptions, programRollbackMutation } from "@perennial/api-admin/queries";
import { ReasonDialog } from "@perennial/forms";
import { Button, Stack, tellDone, tellFailed, useDisclosure } from "@perennial/ui";
import { useMutation, useQuery } from "@tanstack/react-query";

import { useFormat } from "../../i18n/format";
import { useSpoken } from "../../i18n/spoken";
import { toldBy } from "../../shell/problem";
import classes from "./program.module.css";
import { useFreshProgram } from "./use-fresh-program";

/** Publishes an older version again, after showing what that changes. */
export function RollbackButton({ program, version, newest }: { program: string; version: number; newest: number }) {
  const { t } = useLingui();
  const format = useFormat();
  const refresh = useFreshProgram();
  const [asking, { open, close }] = useDisclosure(false);
  const diff = useQuery({
    ...programDiffOptions({ path: { id: program }, query: { old: String(newest), new: String(version), ...useSpoken() } }),
    enabled: asking,
  });
  const rollback = useMutation({
    ...programRollbackMutation(),
    onSuccess: (published) => {
      close();
      if ("approval" in published) {
        tellDone(t`Asked for: somebody else has to approve it`);
        return refresh();
      }
      tellDone(t`Version ${format.number(version)} runs again, as version ${format.number(published.version)}`);
      return refresh();
    },
    onError: (error) => {
      tellFailed(t`Nothing was rolled back`, toldBy(error).detail);
    },
  });
  const shown = format.number(version);
  return (
    <>
      <Button size="xs" variant="default" onClick={open} aria-label={t`Roll back to version ${shown}`}>
        <Trans>Roll back…</Trans>
      </Button>
      <ReasonDialog
        opened={asking}
        title={t`Roll back to version ${shown}`}
        action={t`Roll back`}
        label={t`Note for the history`}
        optional
        busy={rollback.isPending}
        onClose={close}
        onConfirm={(note) => {
          rollback.mutate({ path: { id: program }, body: { version, note } });
        }}
      >
        <Stack gap="xs">
          <Trans>It is published again under a new number; this changes:</Trans>
          <ul className={classes.changes}>
            {diff.data?.changes.map((change) => (
              <li key={`${change.path}/${change.words}`} className={classes.change}>
                <bdi>{change.words}</bdi>
              </li>
            ))}
          </ul>
        </Stack>
      </ReasonDialog>
    </>
  );
}
