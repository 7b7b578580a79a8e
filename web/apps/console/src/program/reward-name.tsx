import { useQuery } from "@tanstack/react-query";

import { rewardNamesOptions } from "./rewards";

/** A reward, such as `program/reward`, by its name; what is not published any more by what the API calls it. */
export function RewardName({ reference }: { reference: string }) {
  const names = useQuery(rewardNamesOptions).data;
  return <bdi title={reference}>{names?.get(reference) ?? reference}</bdi>;
}
