import { Trans, useLingui } from "@lingui/react/macro";
import { Button, Checkbox, FileButton, Group, Panel, Stack, Text, Textarea, TextInput } from "@perennial/ui";
import { IconUpload } from "@perennial/ui/icons";
import { type FormEvent, useState } from "react";

import { RewardSelect } from "../../program/reward-select";
import { rowsOf } from "./csv";
import type { Wanted } from "./import-codes-screen";

/** Which codes, and what they are good for. */
export function FileForm({ onChosen }: { onChosen: (wanted: Wanted) => void }) {
  const { t } = useLingui();
  const [reward, setReward] = useState("");
  const [name, setName] = useState("");
  const [text, setText] = useState("");
  const [allowWeak, setAllowWeak] = useState(false);
  const [tried, setTried] = useState(false);
  function send(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    const rows = rowsOf(text);
    if (reward !== "" && rows.length > 0) onChosen({ reward, name, rows, allowWeak });
  }
  return (
    <Panel title={t`The list`}>
      <form onSubmit={send} noValidate>
        <Stack gap="md">
          <RewardSelect value={reward} error={tried && reward === "" ? t`Choose one.` : undefined} onChange={setReward} />
          <Textarea
            label={t`Codes`}
            description={t`One in a line, or CSV with the columns code and customer (your own id), with or without a header.`}
            placeholder={"code,customer\nSHIP-2026-4711-A,anna\nSHIP-2026-4712-B,"}
            dir="ltr"
            rows={7}
            value={text}
            error={tried && rowsOf(text).length === 0 ? t`There is no code in it.` : undefined}
            onChange={(event) => {
              setText(event.currentTarget.value);
            }}
          />
          <Group gap="sm">
            <FileButton
              accept=".csv,.txt,text/csv,text/plain"
              onChange={(file) => {
                if (file === null) return;
                if (name === "") setName(file.name.replace(/\.[^.]*$/, ""));
                void file.text().then(setText);
              }}
            >
              {(props) => (
                <Button {...props} variant="default" leftSection={<IconUpload size={18} aria-hidden />}>
                  <Trans>Choose a file…</Trans>
                </Button>
              )}
            </FileButton>
            <Text size="sm" c="dimmed">
              <Trans>It is read on this device.</Trans>
            </Text>
          </Group>
          <TextInput
            label={t`Name of the pool`}
            description={t`It cannot be changed; empty: one by the clock.`}
            dir="auto"
            value={name}
            onChange={(event) => {
              setName(event.currentTarget.value);
            }}
          />
          <Checkbox
            label={t`Take codes too that are easy to guess`}
            description={t`Whoever guesses one gets what it is good for. Only for codes that are printed already.`}
            checked={allowWeak}
            onChange={(event) => {
              setAllowWeak(event.currentTarget.checked);
            }}
          />
          <div>
            <Button type="submit">
              <Trans>Check the list</Trans>
            </Button>
          </div>
        </Stack>
      </form>
    </Panel>
  );
}
