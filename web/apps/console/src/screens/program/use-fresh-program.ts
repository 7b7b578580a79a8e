import { useQueryClient } from "@tanstack/react-query";

/** After a version was published everything that was read of programs may be old. */
export function useFreshProgram(): () => Promise<void> {
  const cache = useQueryClient();
  return () => cache.invalidateQueries();
}
