import { programListOptions } from "@perennial/api-admin/queries";
import { useQuery } from "@tanstack/react-query";

/** Where the days of a program begin, or of the program of a reward such as `program/reward`; nothing until that is known. */
export function useZones(): (reference: string) => string | undefined {
  const programs = useQuery(programListOptions()).data?.data;
  return (reference) => {
    const [code] = reference.split("/");
    return programs?.find(({ program }) => program === code)?.time_zone ?? undefined;
  };
}
