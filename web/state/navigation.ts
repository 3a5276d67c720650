/** The route as a signal, bound to the browser's history. */

import { createSignal } from "solid-js";
import { hashOf, parseRoute, type Route } from "./routes.ts";

export interface Navigation {
  route(): Route;
  go(route: Route): void;
  /** Goes to a route without a new history entry. */
  replace(route: Route): void;
  /**
   * Goes one level up. Uses the history's own step when that leads there, so that the history does not grow.
   */
  up(to: Route): void;
}

/** @returns the present route, kept in step with the address and the browser's history */
export function createNavigation(): Navigation {
  const [route, setRoute] = createSignal(parseRoute(location.hash));
  let depth = Number((history.state as { depth?: number } | null)?.depth ?? 0);
  addEventListener("popstate", () => {
    depth = Number((history.state as { depth?: number } | null)?.depth ?? 0);
    setRoute(parseRoute(location.hash));
  });
  const write = (how: "pushState" | "replaceState", to: Route) => {
    history[how]({ depth, from: hashOf(route()) }, "", `${location.pathname}${location.search}${hashOf(to)}`);
    setRoute(to);
  };
  return {
    route,
    go(to) {
      if (hashOf(to) === hashOf(route())) return;
      depth += 1;
      write("pushState", to);
    },
    replace: (to) => write("replaceState", to),
    up(to) {
      const from = (history.state as { from?: string } | null)?.from;
      if (depth > 0 && from === hashOf(to)) history.back();
      else write("replaceState", to);
    },
  };
}
