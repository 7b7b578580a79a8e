import { draftGetOptions } from "@perennial/api-admin/queries";
import { useQuery } from "@tanstack/react-query";

import { valueOf } from "./document";

/** The currency of a program, as its draft says; nothing until that is known. */
export function useCurrency(program: string): string | undefined {
  const draft = useQuery({ ...draftGetOptions({ path: { id: program } }), enabled: program !== "" });
  if (draft.data === undefined) return undefined;
  const currency = valueOf(draft.data.document)?.currency;
  return typeof currency === "string" ? currency : "USD";
}
