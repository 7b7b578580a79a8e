import { programList, versionGet } from "@perennial/api-admin";
import { queryOptions } from "@tanstack/react-query";

import { isRecord } from "./records";

export interface PublishedReward {
  /** `program/reward`, as the API takes it. */
  reference: string;
  name: string;
  /** Where the days of its program begin. */
  zone: string;
}

export interface PoolReward extends PublishedReward {
  pattern?: string;
  /** Whether a code is for nobody but whom it was given to. */
  bound: boolean;
}

/** Every reward of what is published, and its part of the document. */
const publishedOptions = queryOptions({
  queryKey: ["published rewards"],
  queryFn: async ({ signal }): Promise<[PublishedReward, Record<string, unknown>][]> => {
    const [{ data }, { parse }] = await Promise.all([programList({ throwOnError: true, signal }), import("yaml")]);
    const found = data.data.map(async ({ program, version }) => {
      if (version === null) return [];
      const text = await versionGet({ path: { id: program, version }, parseAs: "text", throwOnError: true, signal });
      return rewardsOf(program, parse(text.data));
    });
    return (await Promise.all(found)).flat();
  },
});

/** The rewards of all that is published whose codes are one for each. */
export const poolRewardsOptions = queryOptions({
  ...publishedOptions,
  select: (all): PoolReward[] =>
    all.flatMap(([reward, { codes }]) => {
      if (!isRecord(codes) || codes.shared !== undefined) return [];
      const bound = codes.bound === true;
      return [{ ...reward, bound, ...(typeof codes.pattern === "string" ? { pattern: codes.pattern } : {}) }];
    }),
});

/** The rewards of all that is published for which members may wait. */
export const waitedRewardsOptions = queryOptions({
  ...publishedOptions,
  select: (all): PublishedReward[] => all.filter(([, part]) => isRecord(part.waiting_list)).map(([reward]) => reward),
});

/** The names of all rewards that are published, by what the API calls them. */
export const rewardNamesOptions = queryOptions({
  ...publishedOptions,
  select: (all): ReadonlyMap<string, string> => new Map(all.map(([{ reference, name }]) => [reference, name])),
});

function rewardsOf(program: string, document: unknown): [PublishedReward, Record<string, unknown>][] {
  const rewards: unknown = isRecord(document) ? document.rewards : undefined;
  if (!Array.isArray(rewards)) return [];
  const zone = isRecord(document) && typeof document.time_zone === "string" ? document.time_zone : "UTC";
  return rewards.flatMap((reward: unknown): [PublishedReward, Record<string, unknown>][] => {
    if (!isRecord(reward) || typeof reward.id !== "string") return [];
    const name = typeof reward.name === "string" ? reward.name : reward.id;
    return [[{ reference: `${program}/${reward.id}`, zone, name }, reward]];
  });
}
