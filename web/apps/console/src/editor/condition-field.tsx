import { Trans, useLingui } from "@lingui/react/macro";
import { Button, Group, SegmentedControl, Stack, Text } from "@perennial/ui";
import { useState } from "react";

import { isRecord } from "../program/records";
import { AddPart, ConditionBuilder } from "./condition-builder";
import type { Plain } from "./conditions";
import { useAsking } from "./facts";
import { isWhere, type Place } from "./places";
import { Sentence } from "./sentence";
import { TextPart } from "./text-part";

export interface ConditionFieldProps {
  label: string;
  description?: string;
  value: unknown;
  place: Place;
  trigger?: string;
  /** Whether there must be one. */
  needed?: boolean;
  onChange: (value: Plain | undefined) => void;
}

/** A condition to be built as a sentence or written as text, with what the server says of it. */
export default function ConditionField({ label, description, value, place, trigger = "order.paid", needed = false, onChange }: ConditionFieldProps) {
  const { t } = useLingui();
  const { facts, unpublished } = useAsking();
  const [asText, setAsText] = useState(false);
  const written = facts.length === 0 || asText;
  return (
    <Stack gap="xs" role="group" aria-label={label}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={600}>
          {label}
        </Text>
        {isRecord(value) && facts.length > 0 && (
          <SegmentedControl
            size="xs"
            aria-label={t`How the condition is written`}
            data={[
              { value: "sentence", label: t`Sentence` },
              { value: "text", label: t`Text` },
            ]}
            value={asText ? "text" : "sentence"}
            onChange={(next) => {
              setAsText(next === "text");
            }}
          />
        )}
      </Group>
      {description !== undefined && (
        <Text size="xs" c="dimmed">
          {description}
        </Text>
      )}
      {unpublished && (
        <Text size="xs" c="dimmed">
          <Trans>It can be built as a sentence once a version of the program is published; until then it is written as text.</Trans>
        </Text>
      )}
      {value === undefined || value === null ? (
        <Group gap="xs">
          <Text size="sm" c="dimmed">
            <Trans>Always</Trans>
          </Text>
          <AddPart place={place} trigger={trigger} onAdd={onChange} />
        </Group>
      ) : (
        <>
          {written ? <TextPart node={value} label={label} onChange={onChange} /> : <ConditionBuilder node={value} place={place} trigger={trigger} onChange={onChange} />}
          <Group gap="xs">
            {!written && isRecord(value) && !("all" in value) && !("any" in value) && (
              <Button size="xs" variant="subtle" onClick={() => { onChange({ all: [value] }); }}>
                <Trans>And something else…</Trans>
              </Button>
            )}
            {!needed && (
              <Button size="xs" variant="subtle" color="gray" onClick={() => { onChange(undefined); }}>
                <Trans>Remove the condition</Trans>
              </Button>
            )}
          </Group>
          {isWhere(place) && isRecord(value) && facts.length > 0 && <Sentence condition={value} where={place} trigger={trigger} />}
        </>
      )}
    </Stack>
  );
}
