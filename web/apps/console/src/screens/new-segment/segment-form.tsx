import { Trans, useLingui } from "@lingui/react/macro";
import type { Template } from "@perennial/api-admin";
import { Button, Group, NativeSelect, Panel, Stack, TextInput } from "@perennial/ui";
import { useState } from "react";

import { Asking } from "../../editor/asking";
import ConditionField from "../../editor/condition-field";
import { useCurrency } from "../../program/use-currency";
import { useProgramName } from "../../program/use-program-name";
import { FromTemplate } from "./from-template";
import { Preview } from "./preview";
import { useSaveSegment } from "./use-save-segment";

const EXAMPLE = { all: [{ fact: "member.orders", at_least: 1 }] };

/** The name, the condition, and whom it would choose. */
export default function SegmentForm({ programs, template }: { programs: readonly string[]; template?: Template }) {
  const nameOf = useProgramName();
  const { t } = useLingui();
  const [name, setName] = useState(template?.name ?? "");
  const [program, setProgram] = useState(programs[0] ?? "");
  const [when, setWhen] = useState<Record<string, unknown> | undefined>(template === undefined ? EXAMPLE : undefined);
  const [tried, setTried] = useState(false);
  const currency = useCurrency(program);
  const { save, busy } = useSaveSegment();
  const nameless = tried && name.trim() === "";
  return (
    <Stack gap="lg">
      <Panel title={t`The condition`}>
        <Stack gap="md">
          <TextInput
            label={t`Name`}
            maw="28rem"
            value={name}
            error={nameless && t`Give it a name.`}
            onChange={(event) => {
              setName(event.currentTarget.value);
            }}
          />
          {programs.length > 1 && (
            <NativeSelect
              label={t`Program`}
              description={t`Its zone, currency, wallets and tiers are read.`}
              maw="28rem"
              data={programs.map((value) => ({ value, label: nameOf(value) }))}
              value={program}
              onChange={(event) => {
                setProgram(event.currentTarget.value);
              }}
            />
          )}
          {template !== undefined && (
            <FromTemplate
              template={template}
              program={program}
              currency={currency}
              onWritten={setWhen}
            />
          )}
          <Asking program={program} currency={currency}>
            <ConditionField label={t`Who is in it`} value={when} place="segment" needed onChange={setWhen} />
          </Asking>
        </Stack>
      </Panel>
      {when !== undefined && <Preview when={when} program={program} />}
      <Group justify="flex-end">
        <Button
          loading={busy}
          disabled={when === undefined}
          onClick={() => {
            setTried(true);
            if (when !== undefined && name.trim() !== "") save({ name: name.trim(), program, when });
          }}
        >
          <Trans>Save the segment</Trans>
        </Button>
      </Group>
    </Stack>
  );
}
