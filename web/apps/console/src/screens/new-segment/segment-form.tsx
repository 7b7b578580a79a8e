import { Trans, useLingui } from "@lingui/react/macro";
import type { Template } from "@perennial/api-admin";
import { Button, Group, Loading, Panel, Select, Stack, TextInput } from "@perennial/ui";
import { lazy, Suspense, useState } from "react";
import { parse, stringify } from "yaml";

import { isRecord } from "../../program/records";
import { FromTemplate } from "./from-template";
import { Preview } from "./preview";
import { useSaveSegment } from "./use-save-segment";

const DocumentEditor = lazy(() => import("@perennial/forms/document-editor"));

const EXAMPLE = "all:\n  - fact: member.tier\n    is: gold\n";

/** The name, the condition, and whom it would choose. */
export default function SegmentForm({ programs, template }: { programs: readonly string[]; template?: Template }) {
  const { t } = useLingui();
  const [name, setName] = useState(template?.name ?? "");
  const [program, setProgram] = useState(programs[0] ?? "");
  const [text, setText] = useState(template === undefined ? EXAMPLE : "");
  const [tried, setTried] = useState(false);
  const { save, busy } = useSaveSegment();
  const when = conditionOf(text);
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
            <Select
              label={t`Program`}
              description={t`Its zone, currency, wallets and tiers are read.`}
              maw="28rem"
              data={programs}
              value={program}
              allowDeselect={false}
              onChange={(chosen) => {
                setProgram(chosen ?? "");
              }}
            />
          )}
          {template !== undefined && (
            <FromTemplate
              template={template}
              program={program}
              onWritten={(condition) => {
                setText(stringify(condition));
              }}
            />
          )}
          <Suspense fallback={<Loading lines={4} />}>
            <DocumentEditor label={t`The condition`} value={text} flaws={[]} onChange={setText} />
          </Suspense>
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

/** The condition that a text says, where it is one at all; the server says what else is wrong with it. */
function conditionOf(text: string): Record<string, unknown> | undefined {
  try {
    const read: unknown = parse(text);
    return isRecord(read) ? read : undefined;
  } catch {
    return undefined;
  }
}
