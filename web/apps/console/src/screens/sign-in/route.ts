import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { rootRoute } from "../../shell/routes";

export interface SignInSearch {
  /** Where to go on afterwards: an address of the console. */
  next?: string;
  /** Why the provider's way back let nobody in. */
  problem?: string;
}

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "sign-in",
  validateSearch: (search: Record<string, unknown>): SignInSearch => ({
    ...(typeof search.next === "string" && /^\/(?!\/)/.test(search.next) && { next: search.next }),
    ...(typeof search.problem === "string" && { problem: search.problem }),
  }),
  loader: wordsOf("sign-in"),
  component: lazyRouteComponent(() => import("./sign-in-screen"), "SignInScreen"),
});

/** The link that a fresh server prints: the same door, with the setup token behind the `#`. */
export const setupRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "setup",
  loader: wordsOf("sign-in"),
  component: lazyRouteComponent(() => import("./sign-in-screen"), "SignInScreen"),
});
