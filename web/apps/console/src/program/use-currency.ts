import { programListOptions } from "@perennial/api-admin/queries";
import { useQuery } from "@tanstack/react-query";

/** The currency of a program, without one that of the first program that is published; nothing until that is known. */
export function useCurrency(program?: string): string | undefined {
  const programs = useQuery(programListOptions()).data?.data;
  const asked = programs?.find((each) => (program === undefined ? each.version !== null : each.program === program));
  return asked?.currency ?? undefined;
}
