import { Trans, useLingui } from "@lingui/react/macro";
import { Button, Group, NativeSelect, Stack, TextInput } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { What } from "./what";
import { When } from "./when";
import { type Missing, missingIn, NOTHING_PLANNED, type Plan } from "./plan";
import { tiersOptions } from "./tiers";
import { useAddCampaign } from "./use-add-campaign";
import { useProgramName } from "../../program/use-program-name";

export interface PartProps {
  plan: Plan;
  missing: ReadonlySet<Missing>;
  onChange: (change: Partial<Plan>) => void;
}

/** The questions, in the order in which one thinks of them. */
export function PlanForm({ programs }: { programs: readonly string[] }) {
  const nameOf = useProgramName();
  const { t } = useLingui();
  const [plan, setPlan] = useState<Plan>({ ...NOTHING_PLANNED, program: programs[0] ?? "" });
  const [tried, setTried] = useState(false);
  const { add, busy } = useAddCampaign();
  const missing = missingIn(plan);
  const shown: ReadonlySet<Missing> = tried ? missing : new Set();
  const change = (some: Partial<Plan>) => {
    setPlan((before) => ({ ...before, ...some }));
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (missing.size === 0) add(plan);
      }}
    >
      <Stack gap="lg" maw="42rem">
        <TextInput
          label={t`Name`}
          placeholder={t`Friday happy hour`}
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
              change({ program: event.currentTarget.value, tier: "" });
            }}
          />
        )}
        <What plan={plan} missing={shown} onChange={change} />
        <When plan={plan} missing={shown} onChange={change} />
        <ForWhom plan={plan} onChange={change} />
        <Group justify="flex-end">
          <Button type="submit" loading={busy}>
            <Trans>Add to the draft</Trans>
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function ForWhom({ plan, onChange }: Omit<PartProps, "missing">) {
  const { t } = useLingui();
  const tiers = useQuery({ ...tiersOptions(plan.program), enabled: plan.program !== "" }).data ?? [];
  if (tiers.length === 0) return null;
  return (
    <NativeSelect
      label={t`For whom`}
      data={[{ value: "", label: t`All members` }, ...tiers.map(({ id, name }) => ({ value: id, label: name }))]}
      value={plan.tier}
      onChange={(event) => {
        onChange({ tier: event.currentTarget.value });
      }}
    />
  );
}
