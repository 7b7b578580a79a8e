import { useLingui } from "@lingui/react/macro";
import { Chip, Group, Input, SimpleGrid, Stack, TextInput } from "@perennial/ui";

import { useFormat } from "../../i18n/format";
import { SAMPLE_WEEK, WEEKDAYS, type Weekday } from "./plan";
import type { PartProps } from "./plan-form";

/** From when to when, on which days of the week, and at which time of the day. */
export function When({ plan, missing, onChange }: PartProps) {
  const { t } = useLingui();
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput
          label={t`First day`}
          type="date"
          value={plan.starts}
          onChange={(event) => {
            onChange({ starts: event.currentTarget.value });
          }}
        />
        <TextInput
          label={t`Last day`}
          type="date"
          value={plan.ends}
          error={missing.has("ends") && t`It lies before the first day.`}
          onChange={(event) => {
            onChange({ ends: event.currentTarget.value });
          }}
        />
      </SimpleGrid>
      <Days plan={plan} missing={missing} onChange={onChange} />
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput
          label={t`From`}
          type="time"
          value={plan.from}
          onChange={(event) => {
            onChange({ from: event.currentTarget.value });
          }}
        />
        <TextInput
          label={t`To`}
          description={t`In the time zone of the program. Both empty: the whole day.`}
          inputWrapperOrder={["label", "input", "description", "error"]}
          type="time"
          value={plan.to}
          error={missing.has("to") && t`Give both times, or none.`}
          onChange={(event) => {
            onChange({ to: event.currentTarget.value });
          }}
        />
      </SimpleGrid>
    </Stack>
  );
}

function Days({ plan, onChange }: PartProps) {
  const { t } = useLingui();
  const format = useFormat();
  return (
    <Input.Wrapper label={t`Days of the week`} labelElement="div" description={t`None chosen: every day.`}>
      <Chip.Group
        multiple
        value={[...plan.days]}
        onChange={(chosen) => {
          onChange({ days: WEEKDAYS.filter((day): day is Weekday => chosen.includes(day)) });
        }}
      >
        <Group gap={6} mt={6} role="group" aria-label={t`Days of the week`}>
          {WEEKDAYS.map((day, place) => (
            <Chip key={day} value={day} size="sm">
              {format.dayOfWeek(SAMPLE_WEEK[place] ?? "")}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
    </Input.Wrapper>
  );
}
