import { Trans, useLingui } from "@lingui/react/macro";
import { draftGetOptions } from "@perennial/api-admin/queries";
import { Button, Group, Input, NativeSelect, Panel, SegmentedControl, Stack, TextInput } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { valueOf } from "../../editor/document";
import { useProgramName } from "../../program/use-program-name";
import { Judged } from "./judged";
import { OfHoldout } from "./of-holdout";
import { missingIn, NOTHING_PLANNED, partsIn, type Plan } from "./plan";
import { useAddTrial } from "./use-add-trial";
import { Variants } from "./variants";
import { WhenAndWho } from "./when-and-who";

export interface PartProps {
  plan: Plan;
  missing: ReadonlySet<string>;
  onChange: (change: Partial<Plan>) => void;
}

const SORTS = ["experiment", "holdout"] as const;

/** The questions, in the order in which one thinks of them. */
export default function TrialForm({ programs }: { programs: readonly string[] }) {
  const nameOf = useProgramName();
  const { t } = useLingui();
  const [plan, setPlan] = useState<Plan>({ ...NOTHING_PLANNED, program: programs[0] ?? "" });
  const [tried, setTried] = useState(false);
  const draft = useQuery({ ...draftGetOptions({ path: { id: plan.program } }), enabled: plan.program !== "" });
  const document = draft.data === undefined ? {} : (valueOf(draft.data.document) ?? {});
  const parts = partsIn(document);
  const { add, busy } = useAddTrial();
  const missing = missingIn(plan);
  const shown: ReadonlySet<string> = tried ? missing : new Set();
  const change = (some: Partial<Plan>) => {
    setPlan((before) => ({ ...before, ...some }));
  };
  const sorts = { experiment: t`Variants`, holdout: t`A holdout` };
  const props = { plan, missing: shown, onChange: change };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (missing.size === 0 && plan.program !== "") add(plan);
      }}
    >
      <Stack gap="lg">
        <Panel title={t`What it is`}>
          <Stack gap="md" maw="42rem">
            <TextInput
              label={t`Name`}
              placeholder={t`Two points instead of one`}
              value={plan.name}
              error={shown.has("name") && t`Give it a name.`}
              onChange={(event) => {
                change({ name: event.currentTarget.value });
              }}
            />
            {programs.length > 1 && (
              <NativeSelect
                label={t`Program`}
                data={programs.map((value) => ({ value, label: nameOf(value) }))}
                value={plan.program}
                onChange={(event) => {
                  const { variants } = NOTHING_PLANNED;
                  change({ program: event.currentTarget.value, audience: undefined, campaign: "", variants });
                }}
              />
            )}
            <Input.Wrapper
              label={t`What is compared`}
              labelElement="div"
              description={plan.sort === "holdout" ? t`Some members get nothing of it, to see what it brings at all.` : t`Random parts of the members get the program in different ways.`}
              inputWrapperOrder={["label", "input", "description"]}
            >
              <SegmentedControl
                fullWidth
                mb={5}
                aria-label={t`What is compared`}
                value={plan.sort}
                data={SORTS.map((sort) => ({ value: sort, label: sorts[sort] }))}
                onChange={(sort) => {
                  change({ sort });
                }}
              />
            </Input.Wrapper>
            <Judged {...props} />
          </Stack>
        </Panel>
        {plan.sort === "holdout" ? (
          <OfHoldout {...props} campaigns={parts.campaigns} />
        ) : (
          <>
            <Variants {...props} parts={parts} />
            <WhenAndWho {...props} currency={typeof document.currency === "string" ? document.currency : undefined} />
          </>
        )}
        <Group justify="flex-end">
          <Button type="submit" loading={busy}>
            <Trans>Add to the draft</Trans>
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
