/** Leads an open conversation to the message that the address names. */

import { createEffect, on } from "solid-js";
import type { Conversation } from "./conversation.ts";
import type { Navigation } from "./navigation.ts";
import { hashOf, type Route } from "./routes.ts";

/**
 * Goes to the message of each route that names one, once the conversation is loaded. For the owner's lifetime.
 *
 * @param gone told whether the message of the last route is not on this device
 */
export function followJumps(
  navigation: Pick<Navigation, "route">,
  chatId: string,
  conversation: Pick<Conversation, "loaded" | "goTo">,
  gone: (isGone: boolean) => void,
): void {
  createEffect(on([navigation.route, conversation.loaded], ([route, loaded]) => {
    gone(false);
    if (!loaded || route.kind !== "chat" || route.chatId !== chatId || route.at === undefined) return;
    const { at } = route;
    void conversation.goTo(at).then((isThere) => {
      const now = navigation.route();
      if (now.kind === "chat" && now.at === at) gone(!isThere);
    });
  }));
}

/** Goes to a route, also where it is the present one: a message is led to again then. */
export function jump(navigation: Pick<Navigation, "route" | "go" | "replace">, to: Route): void {
  if (hashOf(to) === hashOf(navigation.route())) navigation.replace(to);
  else navigation.go(to);
}
