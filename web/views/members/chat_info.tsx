import { createSignal, type JSX, Show } from "solid-js";
import type { ChatSummary } from "../../../client/api/engine_api.ts";
import { plural, text } from "../../i18n/language.ts";
import { mediaWord } from "../../i18n/media_words.ts";
import { useApp } from "../../state/app_context.ts";
import { createPart } from "../../state/part.ts";
import { AddPeople } from "./add_people.tsx";
import { ChatAvatar } from "../common/avatar.tsx";
import { ConfirmDialog } from "../common/confirm_dialog.tsx";
import { GroupDescription } from "./group_description.tsx";
import { GroupName } from "./group_name.tsx";
import { Icon } from "../common/icons.tsx";
import { MediaIcon } from "../media/media_icon.tsx";
import { MemberList } from "./member_list.tsx";
import { ProtectionRow } from "../common/protection_row.tsx";
import { TimerRow } from "./timer_row.tsx";

/** A chat's details: name, members, adding and leaving. `alone`: the screen shows nothing else. */
export function ChatInfo(props: { chatId: string; alone?: boolean }): JSX.Element {
  const app = useApp();
  const chat = () => app.chat(props.chatId);
  const [showsFiles, setShowsFiles] = createSignal(false);
  const gallery = createPart(() => import("../media/gallery.tsx"), showsFiles);
  const close = () =>
    showsFiles() ? setShowsFiles(false) : app.navigation.up({ kind: "chat", chatId: props.chatId, info: false });
  const title = () => showsFiles() ? mediaWord("gallery") : text("info.title");
  return (
    <section
      class="panel"
      aria-label={text("info.title")}
    >
      <header class="pane-head">
        <button
          type="button"
          class="icon-button"
          aria-label={showsFiles() ? mediaWord("back") : text("info.close")}
          onClick={close}
        >
          <Icon name={showsFiles() ? "back" : "close"} />
        </button>
        <Show when={props.alone} fallback={<h2 class="pane-title">{title()}</h2>}>
          <h1 class="pane-title">{title()}</h1>
        </Show>
      </header>
      <Show when={chat()}>
        {(known) => (
          <Show
            when={showsFiles()}
            fallback={
              <InfoBody
                chat={known()}
                onFiles={() => setShowsFiles(true)}
              />
            }
          >
            <Show when={gallery()} keyed>{({ Gallery }) => <Gallery chat={known()} />}</Show>
          </Show>
        )}
      </Show>
    </section>
  );
}

function InfoBody(props: { chat: ChatSummary; onFiles: () => void }): JSX.Element {
  const app = useApp();
  const [leaving, setLeaving] = createSignal(false);
  const isAdmin = () => props.chat.members.some(({ self, role }) => self && role === "admin");
  const other = () => props.chat.kind === "direct" ? props.chat.members.find(({ self }) => !self)?.username : undefined;
  const person = createPart(() => import("../people/person_actions.tsx"), () => other() !== undefined);
  const links = createPart(() => import("../people/group_links.tsx"), isAdmin);
  const requests = createPart(() => import("../people/requests_section.tsx"), isAdmin);
  const shown = () => props.chat.kind === "direct" ? props.chat.members.find(({ self }) => !self) : undefined;
  const canDescribe = () => canChange() && isAdmin() && props.chat.features.includes("group-data");
  const picture = createPart(() => import("../faces/group_picture.tsx"), canDescribe);
  const canChange = () => props.chat.active && !props.chat.invitation && props.chat.kind === "group";
  return (
    <div class="panel-body">
      <div class="info-card">
        <ChatAvatar chat={props.chat} />
        <GroupName chat={props.chat} canRename={canChange() && isAdmin()} />
        <Show when={shown()?.displayName}>
          <p class="info-address">@{other()}</p>
        </Show>
        <Show when={shown()?.about}>{(about) => <p class="info-description" dir="auto">{about()}</p>}</Show>
        <Show when={canDescribe() && picture()} keyed>{({ GroupPicture }) => <GroupPicture chat={props.chat} />}</Show>
        <Show when={props.chat.kind === "group"}>
          <GroupDescription
            chat={props.chat}
            canDescribe={canDescribe()}
          />
        </Show>
        <p class="info-how">{text("info.how")}</p>
      </div>
      <div class="settings-card">
        <Show when={props.chat.active}>
          <TimerRow
            chat={props.chat}
            canSet={!props.chat.invitation && (isAdmin() || props.chat.kind === "direct")}
          />
        </Show>
        <ProtectionRow />
        <button type="button" class="settings-row" onClick={() => props.onFiles()}>
          <MediaIcon name="image" />
          <span class="settings-what">{mediaWord("gallery")}</span>
          <Icon name="next" />
        </button>
      </div>
      <Show when={props.chat.active}>
        <div class="info-actions">
          <Show when={canChange()}>
            <AddPeople chat={props.chat} />
          </Show>
          <Show when={canChange() && isAdmin() && !props.chat.notes && links()} keyed>
            {({ GroupLinks }) => <GroupLinks chat={props.chat} />}
          </Show>
          <button type="button" class="button button-danger-quiet" onClick={() => setLeaving(true)}>
            <Icon name="leave" />
            {text("info.leave")}
          </button>
        </div>
      </Show>
      <Show when={canChange() && isAdmin() && requests()} keyed>
        {({ RequestsSection }) => <RequestsSection chatId={props.chat.chatId} />}
      </Show>
      <section class="panel-section" aria-labelledby="info-people">
        <h2 id="info-people" class="panel-heading">
          {props.chat.kind === "group" ? plural("chat.members", props.chat.members.length) : text("info.people")}
        </h2>
        <MemberList chat={props.chat} />
      </section>
      <Show when={other()} keyed>
        {(username) => (
          <Show when={person()} keyed>
            {({ PersonActions }) => (
              <div class="info-actions">
                <Show when={props.chat.members.find((member) => member.username === username)}>
                  {(member) => <PersonActions chatId={props.chat.chatId} member={member()} />}
                </Show>
              </div>
            )}
          </Show>
        )}
      </Show>
      <Show when={leaving()}>
        <ConfirmDialog
          title={text("confirm.leave-title", { title: app.people.title(props.chat) })}
          body={text("confirm.leave")}
          confirm={text("confirm.leave-yes")}
          waiting="working"
          onConfirm={() => app.engine.leaveChat(props.chat.chatId)}
          onClose={() => setLeaving(false)}
        />
      </Show>
    </div>
  );
}
