/** The routes of the app in the address's hash, so that back and forward of browser and phone work. */

export type Route = { kind: "chats" } | { kind: "new-chat" } | { kind: "settings" } | {
  kind: "chat";
  chatId: string;
  info: boolean;
  /** The `order` of the message that is looked for. */
  at?: string;
};

/** @param hash of the address, with its # @returns its route; the list of chats for an unknown hash */
export function parseRoute(hash: string): Route {
  if (hash === "#new") return { kind: "new-chat" };
  if (hash === "#settings") return { kind: "settings" };
  const [, chatId, info, at] = /^#chat\/([0-9a-f]{1,128})(?:(\/info)|\/message\/([0-9a-f]{1,64}))?$/.exec(hash) ?? [];
  if (!chatId) return { kind: "chats" };
  return { kind: "chat", chatId, info: info !== undefined, ...(at !== undefined && { at }) };
}

/**
 * @param address of a link
 * @param here the app's own address, without a hash
 * @returns the route of a link into a chat of this app; undefined for every other address
 */
export function chatRouteOf(address: string, here: string): Route | undefined {
  const [base, hash] = address.split("#", 2);
  const route = base === here && hash !== undefined ? parseRoute(`#${hash}`) : undefined;
  return route?.kind === "chat" ? route : undefined;
}

/** @returns the address's hash for a route, as {@link parseRoute} reads it */
export function hashOf(route: Route): string {
  if (route.kind === "chats") return "#";
  if (route.kind === "settings") return "#settings";
  if (route.kind === "new-chat") return "#new";
  const inside = route.info ? "/info" : route.at !== undefined ? `/message/${route.at}` : "";
  return `#chat/${route.chatId}${inside}`;
}
