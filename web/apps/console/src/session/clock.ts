import { clockGetOptions } from "@perennial/api-admin/queries";
import { useQuery } from "@tanstack/react-query";

import { useWorkspace } from "./workspace";

/**
 * The time that counts in the workspace; undefined while it is not known yet.
 *
 * A sandbox has a clock of its own, which may be years away from that of the device.
 */
export function useNow(): Date | undefined {
  const { sandbox } = useWorkspace();
  const clock = useQuery({ ...clockGetOptions(), enabled: sandbox });
  if (!sandbox || clock.isError) return new Date();
  return clock.data && new Date(clock.data.now);
}
