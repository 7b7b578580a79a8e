import { useLingui } from "@lingui/react/macro";
import { type ReactNode, useMemo } from "react";

import { AskingContext, useFacts } from "./facts";

const NONE: never[] = [];

/** Lets the builders of conditions below know what the published program can be asked. */
export function Asking({ program, currency, children }: { program: string; currency: string | undefined; children: ReactNode }) {
  const { i18n } = useLingui();
  const { data, isError } = useFacts(program, i18n.locale);
  const known = useMemo(
    () => ({ program, language: i18n.locale, currency, unpublished: isError, facts: data?.facts ?? NONE, segments: data?.segments ?? NONE }),
    [program, i18n.locale, currency, isError, data],
  );
  return <AskingContext value={known}>{children}</AskingContext>;
}
