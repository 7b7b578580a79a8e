import { draftGetOptions } from "@perennial/api-admin/queries";
import { useQuery } from "@tanstack/react-query";

import { valueOf } from "./document";

/** The currency of a program, as its draft says. */
export function useCurrency(program: string): string {
  const draft = useQuery({ ...draftGetOptions({ path: { id: program } }), enabled: program !== "" });
  const currency = valueOf(draft.data?.document ?? "")?.currency;
  return typeof currency === "string" ? currency : "USD";
}
