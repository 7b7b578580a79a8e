import type { QueryClient } from "@tanstack/react-query";
import type { AnyRouter } from "@tanstack/react-router";

import { workIn } from "../session/client";
import { sessionOptions } from "../session/session";

/**
 * Ask for what the first screen waits for as soon as its address is known, all at once: who is signed in, and the
 * scripts of the screen and what stands around it. Else each of them would wait for the one before.
 */
export function fetchAhead(router: AnyRouter, queryClient: QueryClient): void {
  for (const { routeId, params } of router.matchRoutes(router.latestLocation)) {
    const { workspace } = params as { workspace?: string };
    if (routeId === "/$workspace" && workspace !== undefined) {
      workIn(workspace);
      void queryClient.prefetchQuery(sessionOptions);
    }
    const route = router.routesById[routeId as string];
    if (route !== undefined) void router.loadRouteChunk(route);
  }
}
