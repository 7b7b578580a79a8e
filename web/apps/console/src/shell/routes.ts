import { createRootRouteWithContext, createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import type { QueryClient } from "@tanstack/react-query";

import { workIn } from "../session/client";
import { type Session, sessionOptions } from "../session/session";
import { toldBy } from "./problem";
import { Lost, Root } from "./root";

export interface RouterContext {
  queryClient: QueryClient;
}

export const rootRoute = createRootRouteWithContext<RouterContext>()({ component: Root, notFoundComponent: Lost });

const UNAUTHORIZED = 401;

/** Who is signed in; whoever is not goes to the sign-in page and comes back afterwards. */
async function admit(queryClient: QueryClient, next: string): Promise<Session> {
  try {
    return await queryClient.ensureQueryData(sessionOptions);
  } catch (error) {
    if (toldBy(error).status === UNAUTHORIZED) throw redirect({ to: "/sign-in", search: { next } });
    throw error;
  }
}

/** The bare address: on to the workspace that the person worked in last. */
export const entryRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  beforeLoad: async ({ context, location }) => {
    const session = await admit(context.queryClient, location.href);
    throw redirect({ to: "/$workspace", params: { workspace: session.workspace } });
  },
});

/** Everything inside one workspace hangs below this route. */
export const workspaceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "$workspace",
  beforeLoad: async ({ context, location, params }) => {
    workIn(params.workspace);
    const session = await admit(context.queryClient, location.href);
    if (session.workspace === params.workspace) return;
    context.queryClient.clear();
    await admit(context.queryClient, location.href);
  },
  component: lazyRouteComponent(() => import("./frame"), "Frame"),
});
