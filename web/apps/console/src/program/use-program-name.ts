import { programListOptions } from "@perennial/api-admin/queries";
import { useQuery } from "@tanstack/react-query";

/** What people call a program; its id until that is known. */
export function useProgramName(): (program: string) => string {
  const programs = useQuery(programListOptions()).data?.data;
  return (id) => programs?.find(({ program }) => program === id)?.name ?? id;
}
