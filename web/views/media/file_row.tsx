import { type JSX, Show } from "solid-js";
import type { ChatFile } from "../../../client/api/engine_api.ts";
import { mediaWord } from "../../i18n/media_words.ts";
import { sizeText, typeText } from "../../state/file_text.ts";
import { createSaving, type MediaLibrary } from "../../state/media/library.ts";
import { Icon } from "../common/icons.tsx";
import { MediaIcon, type MediaIconName } from "./media_icon.tsx";
import { MediaProblemNote } from "./media_problem.tsx";

/** An expression: the space at the end of a literal would be lost when the code is formatted. */
const separator = " · ";

const icons: Record<ChatFile["attachment"]["kind"], MediaIconName> = {
  image: "image",
  video: "video",
  audio: "audio",
  voice: "audio",
  file: "file",
};

function iconOf({ attachment: { kind, type } }: ChatFile): MediaIconName {
  return kind === "file" && /^text\/|pdf|document/.test(type) ? "document" : icons[kind];
}

/** A file with its name, size and type, and the button that saves it. */
export function FileRow(props: { file: ChatFile; library: MediaLibrary }): JSX.Element {
  const { attachment, senderKey } = props.file;
  const saving = createSaving(props.library, () => props.file);
  const isBlocked = () => props.library.rule(senderKey) === "never";
  return (
    <div class="file">
      <span class="file-icon">
        <MediaIcon name={iconOf(props.file)} />
      </span>
      <span class="file-words">
        <bdi class="file-name">{attachment.name}</bdi>
        <span class="file-sub">
          {sizeText(attachment.size)}
          {separator}
          {typeText(attachment.name) ?? mediaWord("unknownType")}
        </span>
      </span>
      <button
        type="button"
        class="icon-button"
        aria-label={mediaWord("download", { name: attachment.name })}
        title={mediaWord("download", { name: attachment.name })}
        aria-busy={saving.done() !== undefined}
        disabled={isBlocked()}
        onClick={saving.start}
      >
        <Icon name="download" />
      </button>
      <Show when={saving.done() !== undefined && attachment.size > 0}>
        <span class="bar">
          <progress
            class="progress-measure"
            aria-label={mediaWord("loading", { name: attachment.name })}
            max={attachment.size}
            value={saving.done()}
          />
        </span>
      </Show>
      <MediaProblemNote
        problem={isBlocked() ? { what: mediaWord("notLoaded") } : saving.problem()}
        onRetry={isBlocked() ? undefined : saving.start}
      />
    </div>
  );
}
