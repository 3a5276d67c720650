import { type JSX, Show } from "solid-js";
import type { ChatSummary } from "../../../client/api/engine_api.ts";
import { drawnPicture } from "../../dom/drawn_picture.ts";
import { facesWords } from "../../i18n/faces_words.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";
import { PictureButton } from "./picture_button.tsx";
import "../../styles/faces.css";

/** An admin gives a group a picture, or takes it away. */
export function GroupPicture(props: { chat: ChatSummary }): JSX.Element {
  const app = useApp();
  const words = facesWords();
  const task = createTask();
  const set = (picture: Promise<Uint8Array<ArrayBuffer>> | null) =>
    void task.run(async () => app.engine.setGroupPicture(props.chat.chatId, await picture));
  return (
    <>
      <div class="profile-buttons">
        <PictureButton
          name={props.chat.pictureId === undefined ? words.groupChoose : words.groupChange}
          disabled={task.running()}
          onPick={(file) => set(drawnPicture(file))}
        />
        <Show when={props.chat.pictureId}>
          <button type="button" class="button button-small" disabled={task.running()} onClick={() => set(null)}>
            {words.groupRemove}
          </button>
        </Show>
      </div>
      <ProblemNote problem={task.problem()} />
      <ProgressLine active={task.long()} fallback="working" />
    </>
  );
}
