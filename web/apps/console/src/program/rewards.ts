import { programList, versionGet } from "@perennial/api-admin";
import { queryOptions } from "@tanstack/react-query";

import { isRecord } from "./records";

export interface PoolReward {
  /** `program/reward`, as the API takes it. */
  reference: string;
  name: string;
  pattern?: string;
  /** Where the days of its program begin. */
  zone: string;
}

/** The rewards of all that is published whose codes are one for each. */
export const poolRewardsOptions = queryOptions({
  queryKey: ["pool rewards"],
  queryFn: async ({ signal }): Promise<PoolReward[]> => {
    const [{ data }, { parse }] = await Promise.all([programList({ throwOnError: true, signal }), import("yaml")]);
    const found = data.data.map(async ({ program, version }) => {
      if (version === null) return [];
      const text = await versionGet({ path: { id: program, version }, parseAs: "text", throwOnError: true, signal });
      return rewardsOf(program, parse(text.data));
    });
    return (await Promise.all(found)).flat();
  },
});

function rewardsOf(program: string, document: unknown): PoolReward[] {
  const rewards: unknown = isRecord(document) ? document.rewards : undefined;
  if (!Array.isArray(rewards)) return [];
  const zone = isRecord(document) && typeof document.time_zone === "string" ? document.time_zone : "UTC";
  return rewards.flatMap((reward: unknown) => {
    if (!isRecord(reward) || typeof reward.id !== "string" || !isRecord(reward.codes) || reward.codes.shared !== undefined) return [];
    const { pattern } = reward.codes;
    return [
      {
        reference: `${program}/${reward.id}`,
        zone,
        name: typeof reward.name === "string" ? reward.name : reward.id,
        ...(typeof pattern === "string" ? { pattern } : {}),
      },
    ];
  });
}
