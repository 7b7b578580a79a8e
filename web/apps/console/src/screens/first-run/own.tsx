import { Trans, useLingui } from "@lingui/react/macro";
import type { ProgramTemplateEntry, TemplateBody } from "@perennial/api-admin";
import { templatePreview } from "@perennial/api-admin";
import { Button, Group, Loading, Panel, Select, SimpleGrid, Stack, TextInput, useDebouncedValue } from "@perennial/ui";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { ColorFields } from "../../program/color-fields";
import { useColors } from "../../program/use-colors";
import { useMay } from "../../session/may";
import { useWorkspace } from "../../session/workspace";
import { toldBy } from "../../shell/problem";
import { Wrong } from "../../shell/wrong";
import { CURRENCIES, ownZone, ZONES } from "./choices";
import { DemoMember } from "./demo-member";
import { Story } from "./story";
import { useBegin } from "./use-begin";

const SHOWN_AT_ONCE = 60;
/** So long somebody writes no more before the story is told anew. */
const PAUSE_MS = 300;

/** What is one's own of a template; every change is shown on made-up members at once. */
export function Own({ template }: { template: ProgramTemplateEntry }) {
  const { t } = useLingui();
  const may = useMay("programs");
  const { sandbox } = useWorkspace();
  const [name, setName] = useState("");
  const [unit, setUnit] = useState("");
  const [currency, setCurrency] = useState("USD");
  const [zone, setZone] = useState(ownZone());
  const body: TemplateBody = {
    currency,
    time_zone: zone,
    ...(name.trim() === "" ? {} : { name: name.trim() }),
    ...(unit.trim() === "" ? {} : { unit: unit.trim() }),
  };
  const [settled] = useDebouncedValue(JSON.stringify(body), PAUSE_MS);
  const preview = useQuery({
    queryKey: ["template preview", template.id, settled],
    queryFn: async ({ signal }) =>
      (await templatePreview({ path: { id: template.id }, body: JSON.parse(settled) as TemplateBody, throwOnError: true, signal })).data,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const colors = useColors();
  const { begin, busy } = useBegin(template, body, colors.changed ? colors.body : undefined);
  const ready = preview.data !== undefined && busy === undefined && (!colors.changed || colors.usable);
  const wrong = preview.isError ? toldBy(preview.error) : undefined;
  const wrongField = (path: string) => wrong?.errors.find((each) => each.path === path)?.message;
  return (
    <>
      <Panel title={t`2. What is yours`}>
        <Stack gap="md">
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <TextInput
              label={t`Name of the program`}
              description={t`What members call it; empty: as the template has it.`}
              placeholder={template.title}
              value={name}
              error={wrongField("$.name")}
              onChange={(event) => {
                setName(event.currentTarget.value);
              }}
            />
            <TextInput
              label={t`What is collected`}
              description={t`Such as points, stars or beans; empty: as the template has it.`}
              value={unit}
              error={wrongField("$.unit")}
              onChange={(event) => {
                setUnit(event.currentTarget.value);
              }}
            />
            <Select
              label={t`Currency`}
              data={CURRENCIES}
              value={currency}
              searchable
              onClick={(event) => {
                event.currentTarget.select();
              }}
              limit={SHOWN_AT_ONCE}
              allowDeselect={false}
              error={wrongField("$.currency")}
              onChange={(chosen) => {
                setCurrency(chosen ?? currency);
              }}
            />
            <Select
              label={t`Time zone`}
              data={ZONES}
              value={zone}
              searchable
              onClick={(event) => {
                event.currentTarget.select();
              }}
              limit={SHOWN_AT_ONCE}
              allowDeselect={false}
              error={wrongField("$.time_zone")}
              onChange={(chosen) => {
                setZone(chosen ?? zone);
              }}
            />
          </SimpleGrid>
          <ColorFields colors={colors} readOnly={!may} />
          <Wrong error={preview.error} />
        </Stack>
      </Panel>
      <Panel
        title={t`3. What it does`}
        hint={t`A story of made-up members. The program itself has decided every line; nobody is written down.`}
      >
        {preview.data === undefined || colors.seen === undefined ? (
          <Loading lines={6} />
        ) : (
          <Stack gap="md">
            <DemoMember title={body.name ?? template.title} told={preview.data.demonstration} colors={colors.seen} />
            <Story told={preview.data.demonstration} />
          </Stack>
        )}
      </Panel>
      {may && (
        <Group justify="flex-end" gap="xs">
          <Button
            variant="default"
            loading={busy === "draft"}
            disabled={!ready}
            onClick={() => {
              begin(false);
            }}
          >
            <Trans>Only save the draft</Trans>
          </Button>
          <Button
            loading={busy === "publish"}
            disabled={!ready}
            onClick={() => {
              begin(true);
            }}
          >
            {sandbox ? <Trans>Create and publish in the sandbox</Trans> : <Trans>Create and publish for members</Trans>}
          </Button>
        </Group>
      )}
    </>
  );
}
