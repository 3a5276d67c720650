import { createEffect, createSignal, For, type JSX, Match, onCleanup, Show, Switch } from "solid-js";
import type { ChatFile, ChatFileKind, ChatSummary, MessageRef } from "../../../client/api/engine_api.ts";
import { whenNear } from "../../dom/near_view.ts";
import { mediaWord } from "../../i18n/media_words.ts";
import { useApp } from "../../state/app_context.ts";
import { agoText } from "../../state/clock_text.ts";
import { jump } from "../../state/jumps.ts";
import { createGallery, type Gallery as GalleryState } from "../../state/media/gallery.ts";
import { createMediaLibrary, type MediaLibrary } from "../../state/media/library.ts";
import { keyOf } from "../../state/media/loader.ts";
import { isHeld } from "../../state/media/loading.ts";
import { createMediaWalk, type MediaWalk } from "../../state/media/walk.ts";
import { Icon } from "../common/icons.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { FileRow } from "./file_row.tsx";
import { AudioFile, Voice } from "./sound.tsx";
import { Tile } from "./tile.tsx";
import { Viewer } from "./viewer.tsx";

const kinds: readonly ChatFileKind[] = ["media", "files", "voice"];
const none = { media: "noMedia", files: "noFiles", voice: "noVoice" } as const;

/** The attachments of a chat: pictures and videos, files, voice messages. */
export function Gallery(props: { chat: ChatSummary }): JSX.Element {
  const app = useApp();
  const { chatId } = props.chat;
  const library = createMediaLibrary(app.engine, () => props.chat);
  const gallery = createGallery(app.engine, chatId);
  const [walk, setWalk] = createSignal<MediaWalk>();
  const own = () => {
    const account = app.account();
    return account?.kind === "signed-in" ? account.username : "";
  };

  function goTo({ order }: MessageRef): void {
    setWalk(undefined);
    jump(app.navigation, { kind: "chat", chatId, info: false, at: order });
  }

  return (
    <div class="panel-body gallery">
      <div class="list-filters" role="group" aria-label={mediaWord("galleryKinds")}>
        <For each={kinds}>
          {(kind) => (
            <button
              type="button"
              class="list-filter"
              aria-pressed={gallery.kind() === kind}
              onClick={() => gallery.show(kind)}
            >
              {mediaWord(kind)}
            </button>
          )}
        </For>
      </div>
      <Show
        when={gallery.kind() === "media"}
        fallback={<FileList gallery={gallery} library={library} own={own()} onGoTo={goTo} />}
      >
        <div class="gallery-grid">
          <For each={gallery.files()}>
            {(file) => (
              <Tile
                file={file}
                library={library}
                onOpen={() => setWalk(createMediaWalk(app.engine, chatId, gallery.files(), keyOf(file)))}
              />
            )}
          </For>
        </div>
      </Show>
      <GalleryEnd gallery={gallery} />
      <Show when={walk()}>
        {(found) => (
          <Viewer
            walk={found()}
            library={library}
            own={own()}
            onClose={() => setWalk(undefined)}
            onGoTo={goTo}
          />
        )}
      </Show>
    </div>
  );
}

function FileList(
  props: { gallery: GalleryState; library: MediaLibrary; own: string; onGoTo: (message: MessageRef) => void },
): JSX.Element {
  const { people } = useApp();
  return (
    <ul class="gallery-list">
      <For each={props.gallery.files()}>
        {(file) => (
          <li class="gallery-row">
            <AnyFile file={file} library={props.library} />
            <span class="gallery-from">
              <span>
                <bdi>{file.sender === props.own ? mediaWord("you") : people.name(file.senderKey, file.sender)}</bdi>,
                {" "}
                {agoText(file.atMs, Date.now())}
              </span>
              <button type="button" class="link-button" onClick={() => props.onGoTo(file.message)}>
                {mediaWord("goTo")}
              </button>
            </span>
          </li>
        )}
      </For>
    </ul>
  );
}

function AnyFile(props: { file: ChatFile; library: MediaLibrary }): JSX.Element {
  return (
    <Switch fallback={<FileRow {...props} />}>
      <Match when={props.file.attachment.kind === "voice"}>
        <Voice {...props} />
      </Match>
      <Match when={props.file.attachment.kind === "audio"}>
        <AudioFile {...props} />
      </Match>
      <Match when={props.file.attachment.kind === "image" && !isHeld(props.file.attachment)}>
        <FileRow {...props} />
      </Match>
    </Switch>
  );
}

/** What is below the files: that there are none, that they are looked for, the way to older ones. */
function GalleryEnd(props: { gallery: GalleryState }): JSX.Element {
  const { gallery } = props;
  return (
    <>
      <ProblemNote problem={gallery.problem()} />
      <Show when={gallery.long()}>
        <span class="spinner" role="progressbar" aria-label={mediaWord("searching")} />
      </Show>
      <Show when={!gallery.more() && gallery.files().length === 0}>
        <p class="gallery-none">{mediaWord(none[gallery.kind()])}</p>
      </Show>
      <Show when={gallery.more() && !gallery.long()}>
        <OlderButton gallery={gallery} />
      </Show>
    </>
  );
}

/** It presses itself when it comes near to the view. */
function OlderButton(props: { gallery: GalleryState }): JSX.Element {
  let button!: HTMLButtonElement;
  createEffect(() => {
    props.gallery.files();
    onCleanup(whenNear(button, props.gallery.loadMore));
  });
  return (
    <button ref={button} type="button" class="button" onClick={() => props.gallery.loadMore()}>
      <Icon name="down" />
      {mediaWord("older")}
    </button>
  );
}
