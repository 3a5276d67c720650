import { For, type JSX, Match, Show, Switch } from "solid-js";
import type { ChatFile } from "../../../../client/api/engine_api.ts";
import { filesOf } from "../../../../client/api/chat_files.ts";
import { isHeld } from "../../../state/media/loading.ts";
import { Album } from "../../media/album.tsx";
import { FileRow } from "../../media/file_row.tsx";
import { AudioFile, Voice } from "../../media/sound.tsx";
import type { MessageViewProps } from "../message_view.ts";
import { useMessageTools } from "../message_tools_context.ts";
import { TransferProgress } from "../transfer_progress.tsx";

/** Pictures that are too large to be held by the page are files, as far as the view is concerned. */
const isPicture = ({ attachment }: ChatFile) =>
  attachment.kind === "video" || (attachment.kind === "image" && isHeld(attachment));

/** The files of a message: pictures and videos as an album, then sounds and files in their order. */
export function AttachmentsView(props: MessageViewProps): JSX.Element {
  const tools = useMessageTools();
  const isShown = () => props.item.attachments !== undefined && !props.item.deleted && !props.item.unsupported;
  const media = () => filesOf(props.item, "media");
  const pictures = () => media().filter(isPicture);
  const others = () => [
    ...media().filter((file) => !isPicture(file)),
    ...filesOf(props.item, "voice"),
    ...filesOf(props.item, "files"),
  ];
  return (
    <Show when={isShown()}>
      <div class="attachments">
        <Show when={pictures().length > 0}>
          <Album files={pictures()} library={tools.media} onOpen={(index) => tools.openViewer(props.item, index)} />
        </Show>
        <For each={others()}>{(file) => <OtherFile file={file} />}</For>
        <TransferProgress item={props.item} />
      </div>
    </Show>
  );
}

function OtherFile(props: { file: ChatFile }): JSX.Element {
  const { media } = useMessageTools();
  const is = (kind: ChatFile["attachment"]["kind"]) => props.file.attachment.kind === kind;
  return (
    <Switch fallback={<FileRow file={props.file} library={media} />}>
      <Match when={is("voice")}>
        <Voice file={props.file} library={media} />
      </Match>
      <Match when={is("audio")}>
        <AudioFile file={props.file} library={media} />
      </Match>
    </Switch>
  );
}
