import { Trans, useLingui } from "@lingui/react/macro";
import type { Where } from "@perennial/api-admin";
import { Button, Group, SegmentedControl, Stack, Text } from "@perennial/ui";
import { useState } from "react";

import { AddPart, ConditionBuilder } from "./condition-builder";
import { isPlain, type Plain } from "./conditions";
import { type Place, useAsking } from "./facts";
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
  const { facts } = useAsking();
  const [asText, setAsText] = useState(false);
  const written = facts.length === 0 || asText;
  return (
    <Stack gap="xs" role="group" aria-label={label}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={500}>
          {label}
        </Text>
        {isPlain(value) && facts.length > 0 && (
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
      {!isPlain(value) ? (
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
            {!written && !("all" in value) && !("any" in value) && (
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
          {place !== "filter" && facts.length > 0 && <Sentence condition={value} where={place satisfies Where} trigger={trigger} />}
        </>
      )}
    </Stack>
  );
}
