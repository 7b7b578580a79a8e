import type { Problem as Told } from "@perennial/api-admin";
import { draftGetOptions } from "@perennial/api-admin/queries";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { Answer } from "../shell/answer";
import { Asking } from "./asking";
import type { Plain } from "./conditions";
import { setAt, valueOf } from "./document";
import { FormContext } from "./form-context";
import { formOf } from "./program-form";
import { DEFINITIONS } from "./program-schema";
import { SchemaForm } from "./schema-form";
import { Unreadable } from "./unreadable";

const PLACE = ["campaigns", 0];
const NOTHING: Plain = {};

export interface CampaignFormProps {
  program: string;
  text: string;
  problems: readonly Told[];
  readOnly: boolean;
  onText: (text: string) => void;
}

/** One campaign as a form; its text is the truth. Amounts are drawn once the currency is known. */
export default function CampaignForm(props: CampaignFormProps) {
  const draft = useQuery(draftGetOptions({ path: { id: props.program } }));
  return (
    <Answer query={draft} lines={6}>
      {({ document }) => <Fields {...props} whole={document} />}
    </Answer>
  );
}

function Fields({ program, text, problems, readOnly, onText, whole }: CampaignFormProps & { whole: string }) {
  const read = useMemo(() => valueOf(text), [text]);
  const value = read ?? NOTHING;
  const form = useMemo(() => {
    const around = valueOf(whole) ?? {};
    const found = formOf(around, [], readOnly);
    const here = formOf({ campaigns: [value] }, problems.map(({ path, ...rest }) => ({ ...rest, path: `campaigns[0].${path}` })), readOnly);
    return { ...found, document: { ...around, campaigns: [value] }, problems: here.problems };
  }, [whole, value, problems, readOnly]);
  if (read === undefined) return <Unreadable />;
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
