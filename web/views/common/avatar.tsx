import { type JSX, Show } from "solid-js";
import type { ChatSummary, Face } from "../../../client/api/engine_api.ts";
import { useApp } from "../../state/app_context.ts";
import { hueClass, initialsOf } from "../../state/faces.ts";
import { Icon } from "./icons.tsx";

/**
 * The face of a person or a group: its picture where there is one, else its initials on a colour. It only repeats the
 * name beside it, so it is hidden from assistive technology.
 *
 * @param props.of what the colour is taken from: a person's account key, a group's chatId (both hex). Never the name,
 *   which anybody could take. Without it there is no colour
 * @param props.picture of a group; a person's is found by its key
 */
export function Avatar(
  props: { name: string; of: string | undefined; group?: boolean; picture?: string | undefined },
): JSX.Element {
  const { people } = useApp();
  const face = (): Face => props.group ? pictureOnly(props.picture) : people.face(props.of);
  const name = () => face().displayName ?? props.name;
  const url = () => {
    const { pictureId } = face();
    return pictureId === undefined ? undefined : people.pictures.url(pictureId);
  };
  return (
    // One string: beside `classList`, a `class` that changes takes the other's classes away.
    <span class={`avatar ${hueClass(props.of)}${props.group ? " avatar-group" : ""}`} aria-hidden="true">
      <Show when={initialsOf(name(), props.group === true)} fallback={<Icon name="group" />}>
        {(initials) => <bdi>{initials()}</bdi>}
      </Show>
      <Show when={url()}>
        {(address) => <img class="avatar-picture" src={address()} alt="" draggable={false} />}
      </Show>
    </span>
  );
}

function pictureOnly(pictureId: string | undefined): Face {
  return pictureId === undefined ? {} : { pictureId };
}

/** The face of a chat: the other person's, or the group's. */
export function ChatAvatar(props: { chat: ChatSummary }): JSX.Element {
  const isGroup = () => props.chat.kind === "group";
  const of = () => isGroup() ? props.chat.chatId : props.chat.members.find(({ self }) => !self)?.accountKey;
  return <Avatar name={props.chat.title} of={of()} group={isGroup()} picture={props.chat.pictureId} />;
}
