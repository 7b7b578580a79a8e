import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { useLingui } from "@lingui/react/macro";
import { segmentTemplate, type Template } from "@perennial/api-admin";
import { SimpleGrid, TextInput } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { minorOf } from "../../editor/amounts";
import { digitsOf } from "../../i18n/decimals";
import { toldBy } from "../../shell/problem";
import { Wrong } from "../../shell/wrong";

const SETTINGS: Partial<Record<string, { label: MessageDescriptor; kind: "word" | "number" | "money" }>> = {
  sku: { label: msg`Product (sku)`, kind: "word" },
  days: { label: msg({ message: "Days", context: "how many" }), kind: "number" },
  amount: { label: msg`Amount`, kind: "money" },
  wallet: { label: msg`Wallet`, kind: "word" },
  percent: { label: msg`How near, in percent`, kind: "number" },
};
const KEYBOARDS = { word: "text", number: "numeric", money: "decimal" } as const;

export interface FromTemplateProps {
  template: Template;
  program: string;
  currency: string | undefined;
  onWritten: (condition: Record<string, unknown>) => void;
}

/** The settings of a ready-made segment; what they make of its condition is written below. */
export function FromTemplate({ template, program, currency, onWritten }: FromTemplateProps) {
  const { t } = useLingui();
  const [settings, setSettings] = useState<Record<string, string>>({});
  const needs = template.needs ?? [];
  const written = useQuery({
    // Without these there is nothing to ask for yet.
    enabled: needs.every((name) => (settings[name] ?? "") !== ""),
    queryKey: ["segment template", template.id, program, currency, settings],
    queryFn: async ({ signal }) => {
      const body = { program, settings: sent(settings, currency) };
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
  const wrong = written.error === null ? [] : toldBy(written.error).errors;
  const wrongIn = (name: string) => wrong.find(({ path }) => path === `$.settings.${name}`)?.message;
  const elsewhere = reads.some((name) => wrongIn(name) !== undefined) ? null : written.error;
  if (reads.length === 0) return <Wrong error={elsewhere} />;
  return (
    <>
      <Wrong error={elsewhere} />
      <SimpleGrid cols={{ base: 1, xs: 2 }} maw="28rem">
        {reads.map((name) => (
          <TextInput
            key={name}
            label={t(SETTINGS[name]?.label ?? msg`Setting`)}
            inputMode={KEYBOARDS[SETTINGS[name]?.kind ?? "word"]}
            dir="ltr"
            rightSection={SETTINGS[name]?.kind === "money" && <small dir="ltr">{currency}</small>}
            rightSectionWidth="3rem"
            value={settings[name] ?? ""}
            required={needs.includes(name)}
            error={wrongIn(name)}
            onChange={(event) => {
              const { value } = event.currentTarget;
              setSettings((before) => ({ ...before, [name]: value.trim() }));
            }}
          />
        ))}
      </SimpleGrid>
    </>
  );
}

/** What is sent: empty ones are left to the template, and what is no number is sent as it is typed. */
function sent(settings: Record<string, string>, currency: string | undefined): Record<string, string | number> {
  const digits = { word: undefined, number: 0, money: digitsOf(currency ?? "") };
  return Object.fromEntries(
    Object.entries(settings)
      .filter(([, value]) => value !== "")
      .map(([name, value]) => {
        const allowed = digits[SETTINGS[name]?.kind ?? "word"];
        return [name, allowed === undefined ? value : (minorOf(value, allowed) ?? value)];
      }),
  );
}
