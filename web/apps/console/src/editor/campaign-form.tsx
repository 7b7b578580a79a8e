import type { Problem as Told } from "@perennial/api-admin";
import { draftGetOptions } from "@perennial/api-admin/queries";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { Asking } from "./asking";
import { setAt, valueOf } from "./document";
import { FormContext } from "./form-context";
import { formOf } from "./program-form";
import { DEFINITIONS } from "./program-schema";
import { SchemaForm } from "./schema-form";

const PLACE = ["campaigns", 0];

export interface CampaignFormProps {
  program: string;
  text: string;
  problems: readonly Told[];
  readOnly: boolean;
  onText: (text: string) => void;
}

/** One campaign as a form; its text is the truth. */
export default function CampaignForm({ program, text, problems, readOnly, onText }: CampaignFormProps) {
  const draft = useQuery(draftGetOptions({ path: { id: program } }));
  const whole = draft.data?.document ?? "";
  const value = useMemo(() => valueOf(text) ?? {}, [text]);
  const form = useMemo(() => {
    const found = formOf(valueOf(whole) ?? {}, [], readOnly);
    const here = formOf({ campaigns: [value] }, problems.map(({ path, ...rest }) => ({ ...rest, path: `campaigns[0].${path}` })), readOnly);
    return { ...found, problems: here.problems };
  }, [whole, value, problems, readOnly]);
  return (
    <Asking program={program} currency={form.currency}>
      <FormContext value={form}>
        <SchemaForm
          schema={DEFINITIONS.Campaign ?? {}}
          value={value}
          path={PLACE}
          without={["id"]}
          onChange={(next) => {
            onText(setAt(text, [], next));
          }}
        />
      </FormContext>
    </Asking>
  );
}
