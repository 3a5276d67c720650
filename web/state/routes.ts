/** The routes of the app in the address's hash, so that back and forward of browser and phone work. */

export type Route = { kind: "chats" } | { kind: "new-chat" } | { kind: "settings" } | {
  kind: "chat";
  chatId: string;
  info: boolean;
};

/** @param hash of the address, with its # @returns its route; the list of chats for an unknown hash */
export function parseRoute(hash: string): Route {
  if (hash === "#new") return { kind: "new-chat" };
  if (hash === "#settings") return { kind: "settings" };
  const [, chatId, info] = /^#chat\/([0-9a-f]{1,128})(\/info)?$/.exec(hash) ?? [];
  return chatId ? { kind: "chat", chatId, info: info !== undefined } : { kind: "chats" };
}

/** @returns the address's hash for a route, as {@link parseRoute} reads it */
export function hashOf(route: Route): string {
  if (route.kind === "chats") return "#";
  if (route.kind === "settings") return "#settings";
  return route.kind === "new-chat" ? "#new" : `#chat/${route.chatId}${route.info ? "/info" : ""}`;
}
