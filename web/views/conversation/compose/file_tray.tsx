import { For, type JSX, Show } from "solid-js";
import { maxAttachments } from "../../../../client/api/attachments.ts";
import { maxFileBytes } from "../../../../client/attachments/pieces.ts";
import { text } from "../../../i18n/language.ts";
import type { ChosenFile } from "../../../state/outgoing/chosen_file.ts";
import { lengthText, sizeText } from "../../../state/file_text.ts";
import type { Refusal, Tray } from "../../../state/outgoing/tray.ts";
import { Icon, type IconName } from "../../common/icons.tsx";

function refusalText(refusal: Refusal): string {
  if (refusal.kind === "too-many") return text("outgoing.too-many", { most: maxAttachments });
  if (refusal.kind === "too-large") {
    return text("outgoing.too-large", { name: refusal.name, most: sizeText(maxFileBytes) });
  }
  return text(`outgoing.${refusal.kind}`);
}

function iconOf({ kind }: ChosenFile): IconName {
  return kind === "voice" || kind === "audio" ? "microphone" : kind === "file" ? "document" : "photo";
}

/**
 * Over the field: the files that go with the message, each with a small picture, its name and its size.
 *
 * @param props.onAdd opens the chooser
 */
export function FileTray(props: { tray: Tray; onAdd: () => void }): JSX.Element {
  const { tray } = props;
  const hasPictures = () => tray.items().some(({ kind, ready }) => kind === "image" && !ready);
  const withPlace = () => tray.items().find(({ mayTellPlace }) => mayTellPlace);
  return (
    <div class="tray-zone">
      <Show when={tray.items().length > 0}>
        <ul class="tray" aria-label={text("outgoing.tray")}>
          <For each={tray.items()}>{(item) => <TrayItem item={item} onRemove={() => tray.remove(item.id)} />}</For>
          <Show when={tray.items().length < maxAttachments}>
            <li class="tray-item">
              <button
                type="button"
                class="tray-look tray-more"
                aria-label={text("outgoing.add")}
                title={text("outgoing.add")}
                onClick={() => props.onAdd()}
              >
                <Icon name="attach" />
              </button>
            </li>
          </Show>
        </ul>
        <div class="tray-choices">
          <Show when={hasPictures()}>
            <label class="choice-row">
              <input
                type="checkbox"
                checked={tray.original()}
                onChange={(event) => tray.setOriginal(event.currentTarget.checked)}
              />
              <span>{text("outgoing.original")}</span>
            </label>
          </Show>
          <button type="button" class="link-button" onClick={() => void tray.take()}>
            {text("outgoing.remove-all")}
          </button>
        </div>
        <Show when={withPlace()}>
          {(item) => <p class="hint tray-hint">{text("outgoing.place", { name: item().name })}</p>}
        </Show>
      </Show>
      <Show when={tray.refusal()}>
        {(refusal) => <p class="hint hint-wrong tray-hint" role="alert">{refusalText(refusal())}</p>}
      </Show>
    </div>
  );
}

function TrayItem(props: { item: ChosenFile; onRemove: () => void }): JSX.Element {
  const { item } = props;
  const remove = () => text("outgoing.remove", { name: item.name });
  const measure = () => item.kind === "voice" ? lengthText((item.shown?.durationMs ?? 0) / 1000) : sizeText(item.size);
  return (
    <li class="tray-item">
      <span class="tray-look">
        <Show when={item.preview} fallback={<Icon name={iconOf(item)} />}>
          {(address) => <img src={address()} alt="" />}
        </Show>
      </span>
      <span class="tray-name" dir="auto" title={item.name}>{item.name}</span>
      <span class="tray-size">{measure()}</span>
      <button type="button" class="tray-remove" aria-label={remove()} title={remove()} onClick={() => props.onRemove()}>
        <Icon name="close" size="s" />
      </button>
    </li>
  );
}
