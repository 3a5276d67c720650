import { type JSX, Show } from "solid-js";
import { useMessageTools } from "../conversation/message_tools_context.ts";
import { Viewer } from "./viewer.tsx";

/** The viewer over a conversation, while a picture of it is looked at. */
export default function ConversationViewer(): JSX.Element {
  const tools = useMessageTools();
  return (
    <Show when={tools.viewer()}>
      {(walk) => (
        <Viewer
          walk={walk()}
          library={tools.media}
          own={tools.own().username}
          onClose={tools.closeViewer}
          onGoTo={(message) => {
            tools.closeViewer();
            tools.goTo(message);
          }}
        />
      )}
    </Show>
  );
}
