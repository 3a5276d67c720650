import { createSignal, type JSX, onCleanup, Show } from "solid-js";
import { maxAbout, maxDisplayName } from "../../../client/api/profiles_api.ts";
import { drawnPicture } from "../../dom/drawn_picture.ts";
import { facesWords } from "../../i18n/faces_words.ts";
import { hueClass, initialsOf } from "../../state/faces.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { Dialog } from "../common/dialog.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";
import { PictureButton } from "./picture_button.tsx";
import "../../styles/faces.css";

/** What the account shows of itself: picture, name, and a line. Nothing is told before it is saved. */
export function ProfileDialog(props: { username: string; accountKey: string; onClose: () => void }): JSX.Element {
  const app = useApp();
  const words = facesWords();
  const task = createTask();
  const before = app.people.face(props.accountKey);
  const [picture, setPicture] = createSignal<{ bytes: Uint8Array<ArrayBuffer>; url: string } | null>();
  let name!: HTMLInputElement;
  let about!: HTMLInputElement;
  const shown = () => {
    const chosen = picture();
    if (chosen !== undefined) return chosen?.url;
    return before.pictureId === undefined ? undefined : app.people.pictures.url(before.pictureId);
  };
  const drop = () => {
    const url = picture()?.url;
    if (url !== undefined) URL.revokeObjectURL(url);
  };
  onCleanup(drop);

  async function choose(file: Blob): Promise<void> {
    await task.run(async () => {
      const bytes = await drawnPicture(file);
      drop();
      setPicture({ bytes, url: URL.createObjectURL(new Blob([bytes])) });
    });
  }

  async function save(): Promise<void> {
    const chosen = picture();
    const change = {
      displayName: name.value,
      about: about.value,
      ...(chosen !== undefined && { picture: chosen?.bytes ?? null }),
    };
    if (await task.run(() => app.engine.setProfile(change))) props.onClose();
  }

  const close = () => task.running() || props.onClose();
  return (
    <Dialog title={words.title} onCancel={close}>
      <form
        class="profile-form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <div class="profile-picture">
          <span class={`avatar ${hueClass(props.accountKey)}`} aria-hidden="true">
            <Show when={shown()} fallback={<bdi>{initialsOf(before.displayName ?? props.username, false)}</bdi>}>
              {(url) => <img class="avatar-picture" src={url()} alt="" />}
            </Show>
          </span>
          <div class="profile-buttons">
            <PictureButton
              name={shown() === undefined ? words.choose : words.change}
              disabled={task.running()}
              onPick={(file) => void choose(file)}
            />
            <Show when={shown()}>
              <button
                type="button"
                class="button button-small"
                disabled={task.running()}
                onClick={() => {
                  drop();
                  setPicture(null);
                }}
              >
                {words.remove}
              </button>
            </Show>
          </div>
        </div>
        <div class="field">
          <label for="profile-name">{words.name}</label>
          <input
            ref={name}
            id="profile-name"
            class="input"
            dir="auto"
            data-first
            maxlength={maxDisplayName}
            autocomplete="off"
            aria-describedby="profile-name-hint"
            value={before.displayName ?? ""}
            readOnly={task.running()}
          />
          <p id="profile-name-hint" class="hint">{words.nameHint}</p>
        </div>
        <div class="field">
          <label for="profile-about">{words.about}</label>
          <input
            ref={about}
            id="profile-about"
            class="input"
            dir="auto"
            maxlength={maxAbout}
            autocomplete="off"
            placeholder={words.aboutHint}
            value={before.about ?? ""}
            readOnly={task.running()}
          />
        </div>
        <p class="hint">{words.why}</p>
        <ProblemNote problem={task.problem()} />
        <ProgressLine active={task.long()} fallback="working" />
        <div class="dialog-actions">
          <button type="button" class="button" disabled={task.running()} onClick={close}>{words.cancel}</button>
          <button type="submit" class="button button-primary" disabled={task.running()}>{words.save}</button>
        </div>
      </form>
    </Dialog>
  );
}
