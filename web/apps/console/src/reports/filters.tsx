import { useLingui } from "@lingui/react/macro";
import { programListOptions, segmentListOptions } from "@perennial/api-admin/queries";
import { Group, NativeSelect, TextInput } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";

import type { Asked } from "./asked";

export interface FiltersProps {
  asked: Asked;
  /** The parameters that can be set here. */
  parameters: readonly string[];
  onChange: (asked: Asked) => void;
}

/** Which program, whom, and when; the server filters. */
export function Filters({ asked, parameters, onChange }: FiltersProps) {
  const { t } = useLingui();
  const programs = (useQuery(programListOptions()).data?.data ?? []).filter(({ version }) => version !== null);
  const segments = useQuery(segmentListOptions()).data?.data ?? [];
  const set = (name: keyof Asked, value: string | null) => {
    onChange({ ...asked, [name]: value === null || value === "" ? undefined : value });
  };
  const day = (name: "from" | "to", label: string) =>
    parameters.includes(name) && (
      <TextInput
        size="xs"
        type="date"
        label={label}
        value={asked[name] ?? ""}
        onChange={(event) => {
          set(name, event.currentTarget.value);
        }}
      />
    );
  return (
    <Group gap="sm" align="flex-end">
      {parameters.includes("program") && programs.length > 1 && (
        <NativeSelect
          size="xs"
          label={t`Program`}
          data={programs.map(({ program, name }) => ({ value: program, label: name }))}
          value={asked.program ?? programs[0]?.program}
          onChange={(event) => {
            set("program", event.currentTarget.value);
          }}
        />
      )}
      {parameters.includes("step") && (
        <NativeSelect
          size="xs"
          w={120}
          label={t`By`}
          data={[
            { value: "day", label: t`Day` },
            { value: "week", label: t`Week` },
            { value: "month", label: t`Month` },
          ]}
          value={asked.step ?? "month"}
          onChange={(event) => {
            set("step", event.currentTarget.value);
          }}
        />
      )}
      {parameters.includes("segment") && segments.length > 0 && (
        <NativeSelect
          size="xs"
          w={190}
          label={t`Segment`}
          data={[{ value: "", label: t`Everybody` }, ...segments.map(({ id, name }) => ({ value: id, label: name }))]}
          value={asked.segment ?? ""}
          onChange={(event) => {
            set("segment", event.currentTarget.value);
          }}
        />
      )}
      {day("from", t`From`)}
      {day("to", t`To`)}
    </Group>
  );
}
