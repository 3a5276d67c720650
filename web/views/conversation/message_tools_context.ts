/** Hands the tools of the open conversation to its rows. */

import { createContext, useContext } from "solid-js";
import type { MessageTools } from "../../state/message_tools.ts";

export const MessageToolsContext = createContext<MessageTools>();

/** @returns the tools of the conversation that the component is in */
export function useMessageTools(): MessageTools {
  const tools = useContext(MessageToolsContext);
  if (!tools) throw new Error("outside of a conversation");
  return tools;
}
