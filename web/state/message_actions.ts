/** What can be done with a message. Pure. */

import type { MessageItem } from "../../client/api/engine_api.ts";
import { isUnsaved } from "./timeline_items.ts";

export type MessageAction =
  | "reply"
  | "react"
  | "forward"
  | "copy"
  | "link"
  | "edit"
  | "end-poll"
  | "info"
  | "delete-me"
  | "delete-everyone";

/** What of a chat decides it. */
export interface ActionPlace {
  /** Something can be sent. */
  open: boolean;
  /** Of `ChatSummary.features`: all devices understand reactions, edits and deletes; and polls. */
  changes: boolean;
  polls: boolean;
}

/** @returns the actions of a message in the order of its menu */
export function actionsOf(item: MessageItem, { open, changes, polls }: ActionPlace): MessageAction[] {
  // What this page alone has is not known to the engine.
  if (isUnsaved(item)) return item.text === "" ? [] : ["copy"];
  const reached = item.state === "sent" || item.state === "received";
  const isText = !item.deleted && !item.unsupported && !item.blank && item.text !== "";
  const hasFiles = item.attachments !== undefined && !item.deleted && item.state !== "failed";
  const isOwnPoll = item.own && item.poll !== undefined && !item.poll.ended;
  const can: Record<MessageAction, boolean> = {
    reply: open && reached && !item.deleted,
    react: open && reached && changes && !item.deleted,
    forward: (isText || hasFiles) && !item.poll,
    copy: isText,
    // One that waits gets another place once it is sent.
    link: reached,
    edit: open && reached && changes && item.own && isText && !item.poll,
    "end-poll": open && reached && polls && isOwnPoll,
    info: true,
    "delete-me": true,
    "delete-everyone": open && changes && item.own && reached && !item.deleted,
  };
  return (Object.keys(can) as MessageAction[]).filter((action) => can[action]);
}

/** @returns the newest own message that can be edited, for ArrowUp in an empty field */
export function lastEditable(items: readonly MessageItem[], place: ActionPlace): MessageItem | undefined {
  return items.findLast((item) => item.own && actionsOf(item, place).includes("edit"));
}
