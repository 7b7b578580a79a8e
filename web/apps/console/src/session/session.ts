import { meGet, type MeView, type PlaceView } from "@perennial/api-admin";
import { queryOptions } from "@tanstack/react-query";

export type Session = MeView;
export type Workspace = PlaceView;

const FRESH_MS = 60_000;

/** Who is signed in, where they may work, and what they may do in the workspace that is open. */
export const sessionOptions = queryOptions<Session>({
  queryKey: ["session"],
  queryFn: async ({ signal }) => (await meGet({ throwOnError: true, signal })).data,
  staleTime: FRESH_MS,
});
