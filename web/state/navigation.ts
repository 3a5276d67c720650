/** The route as a signal, bound to the browser's history. */

import { createSignal } from "solid-js";
import { hashOf, parseRoute, type Route } from "./routes.ts";

export interface Navigation {
  route(): Route;
  go(route: Route): void;
  /** Like go, but back does not lead here again. */
  replace(route: Route): void;
  /** One step up: history's own step when it leads there, so that back buttons do not pile up entries. */
  up(to: Route): void;
}

/** @returns where the user is, kept in step with the address and the browser's history */
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
