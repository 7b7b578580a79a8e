import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { useLingui } from "@lingui/react/macro";
import { segmentTemplate, type Template } from "@perennial/api-admin";
import { SimpleGrid, TextInput } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

const SETTINGS: Partial<Record<string, { label: MessageDescriptor; whole: boolean }>> = {
  sku: { label: msg`Product (sku)`, whole: false },
  days: { label: msg({ message: "Days", context: "how many" }), whole: true },
  amount: { label: msg`Amount, in the smallest unit of money`, whole: true },
  wallet: { label: msg`Wallet`, whole: false },
  percent: { label: msg`How near, in percent`, whole: true },
};

export interface FromTemplateProps {
  template: Template;
  program: string;
  onWritten: (condition: Record<string, unknown>) => void;
}

/** The settings of a ready-made segment; what they make of its condition is written below. */
export function FromTemplate({ template, program, onWritten }: FromTemplateProps) {
  const { t } = useLingui();
  const [settings, setSettings] = useState<Record<string, string>>({});
  const written = useQuery({
    queryKey: ["segment template", template.id, program, settings],
    queryFn: async ({ signal }) => {
      const body = { program, settings: sent(settings) };
      return (await segmentTemplate({ path: { id: template.id }, body, throwOnError: true, signal })).data;
    },
    retry: false,
  });
  const condition = written.data?.when;
  useEffect(() => {
    if (condition !== undefined) onWritten(condition);
    // What was written by hand since stays until a setting changes.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [condition]);
  const reads = template.reads ?? [];
  if (reads.length === 0) return null;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} maw="28rem">
      {reads.map((name) => (
        <TextInput
          key={name}
          label={t(SETTINGS[name]?.label ?? msg`Setting`)}
          inputMode={SETTINGS[name]?.whole === true ? "numeric" : "text"}
          dir="ltr"
          value={settings[name] ?? ""}
          onChange={(event) => {
            const { value } = event.currentTarget;
            setSettings((before) => ({ ...before, [name]: value.trim() }));
          }}
        />
      ))}
    </SimpleGrid>
  );
}

/** What is sent: empty ones are left to the template. */
function sent(settings: Record<string, string>): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(settings)
      .filter(([, value]) => value !== "")
      .map(([name, value]) => [name, SETTINGS[name]?.whole === true && /^\d{1,12}$/.test(value) ? Number(value) : value]),
  );
}
