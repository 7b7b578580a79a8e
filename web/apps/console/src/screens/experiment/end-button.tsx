import { Trans, useLingui } from "@lingui/react/macro";
import type { TrialResults } from "@perennial/api-admin";
import { DialogForm } from "@perennial/forms";
import { Button, Dialog, NativeSelect, Text, useDisclosure } from "@perennial/ui";

import { useMay } from "../../session/may";
import { useVariantName } from "../experiments/trial-words";
import { useEndTrial } from "./use-end-trial";

/** Ends the experiment: one of its variants for everybody, as a change of the draft. */
export function EndButton({ results }: { results: TrialResults }) {
  const { t } = useLingui();
  const [asking, { open, close }] = useDisclosure(false);
  const may = useMay("programs");
  if (!may || results.trial.state === "removed") return null;
  const won = winnerOf(results) !== undefined;
  return (
    <>
      <Button size="xs" variant={won ? "filled" : "default"} onClick={open}>
        {won ? <Trans>Roll out the winner…</Trans> : <Trans>End it…</Trans>}
      </Button>
      <Dialog opened={asking} onClose={close} title={t`End it, and then?`}>
        <Ending results={results} onClose={close} />
      </Dialog>
    </>
  );
}

/** The variant that brings most for sure, where there is one. */
function winnerOf({ trial, comparisons }: TrialResults): string | undefined {
  const better = comparisons.filter(({ verdict }) => verdict === "more");
  const effectOf = (each: (typeof better)[number]) => each.outcomes[trial.outcome]?.effect ?? 0;
  return better.toSorted((one, other) => effectOf(other) - effectOf(one))[0]?.variant;
}

function Ending({ results, onClose }: { results: TrialResults; onClose: () => void }) {
  const { t } = useLingui();
  const nameOf = useVariantName();
  const { trial } = results;
  const { end, busy } = useEndTrial(trial.program, trial.id);
  const winner = winnerOf(results);
  const control = trial.variants[0]?.id ?? "";
  const chosen = trial.kind === "holdout" ? "treated" : (winner ?? control);
  const options = trial.variants.map(({ id }) => {
    const name = nameOf(trial, id);
    return { value: id, label: id === winner ? t`${name} (the winner)` : id === control && trial.kind === "experiment" ? t`${name} (as before)` : name };
  });
  return (
    <DialogForm
      action={t`Put it into the draft`}
      busy={busy}
      onClose={onClose}
      onSubmit={(form) => {
        end(String(form.get("variant") ?? chosen));
      }}
    >
      <Text size="sm">
        <Trans>Members notice nothing before the draft is published. Then the experiment is over, everybody gets the same, and what came of it until then stays here.</Trans>
      </Text>
      {trial.kind === "holdout" && trial.campaign === null ? (
        <Text size="sm">
          <Trans>Those who were held out get the program like everybody else.</Trans>
        </Text>
      ) : (
        <NativeSelect
          name="variant"
          label={trial.kind === "holdout" ? t`Everybody is treated from then on like` : t`Everybody gets from then on`}
          data={options}
          defaultValue={chosen}
        />
      )}
    </DialogForm>
  );
}
