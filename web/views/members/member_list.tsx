import {
  createEffect,
  createMemo,
  createSignal,
  createUniqueId,
  For,
  type JSX,
  on,
  onCleanup,
  onMount,
  Show,
} from "solid-js";
import type { ChatMember, ChatSummary } from "../../../client/api/engine_api.ts";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { createPart } from "../../state/part.ts";
import { listedMembers, manyMembers, pageMembers } from "../../state/member_page.ts";
import { Avatar } from "../common/avatar.tsx";
import { ConfirmDialog } from "../common/confirm_dialog.tsx";
import { Icon } from "../common/icons.tsx";

type Asked = { what: "remove" | "make-admin" | "make-member"; username: string };

/**
 * The members of a chat. Rows are kept by username and drawn a page at a time, so that a thousand members
 * show fast and are not rebuilt with each message.
 */
export function MemberList(props: { chat: ChatSummary }): JSX.Element {
  const [wanted, setWanted] = createSignal("");
  const [pages, setPages] = createSignal(1);
  const [open, setOpen] = createSignal<string>();
  const [asked, setAsked] = createSignal<Asked>();
  const byName = createMemo(() => new Map(props.chat.members.map((member) => [member.username, member])));
  const listed = createMemo(() => listedMembers(props.chat.members, wanted()), [], {
    equals: (a, b) => a.length === b.length && a.every((username, index) => username === b[index]),
  });
  const drawn = createMemo(() => listed().slice(0, pages() * pageMembers));
  const isAdmin = () => props.chat.members.some(({ self, role }) => self && role === "admin");
  const isLed = () => isAdmin() && !props.chat.invitation && props.chat.kind === "group";
  const canChange = () => isLed() && props.chat.active;
  // Also while the group stands still: who breaks it is left out of its next channel.
  const canRemove = () => isLed() && (props.chat.active || props.chat.recovering === true);
  const findId = createUniqueId();
  createEffect(on(wanted, () => setPages(1), { defer: true }));
  return (
    <div class="members">
      <Show when={props.chat.members.length > manyMembers}>
        <div class="member-find">
          <label for={findId} class="visually-hidden">{text("info.find")}</label>
          <input
            id={findId}
            type="search"
            class="input"
            placeholder={text("info.find")}
            autocomplete="off"
            autocapitalize="none"
            autocorrect="off"
            spellcheck={false}
            maxlength="32"
            value={wanted()}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
        </div>
      </Show>
      <ul class="people">
        <For each={drawn()}>
          {(username) => (
            <Show when={byName().get(username)}>
              {(member) => (
                <MemberRow
                  chatId={props.chat.chatId}
                  member={member()}
                  group={props.chat.kind === "group"}
                  canChange={canChange()}
                  canRemove={canRemove()}
                  open={open() === username}
                  onToggle={() => setOpen((other) => (other === username ? undefined : username))}
                  onAsk={(what) => setAsked({ what, username })}
                />
              )}
            </Show>
          )}
        </For>
      </ul>
      <Show when={listed().length === 0}>
        <p class="hint">{text("info.find-none", { text: wanted().trim() })}</p>
      </Show>
      <Show when={drawn().length < listed().length}>
        <MorePages onMore={() => setPages((count) => count + 1)} />
      </Show>
      <Show when={asked()} keyed>
        {(question) => <MemberQuestion chatId={props.chat.chatId} {...question} onClose={() => setAsked(undefined)} />}
      </Show>
    </div>
  );
}

/** The end of the drawn rows. Scrolling near it, or pressing it, shows more. */
function MorePages(props: { onMore: () => void }): JSX.Element {
  let button!: HTMLButtonElement;
  onMount(() => {
    const near = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) return;
      props.onMore();
      // Only a new observation tells whether the button is still in view.
      near.unobserve(button);
      near.observe(button);
    }, { rootMargin: "600px", scrollMargin: "600px" });
    near.observe(button);
    onCleanup(() => near.disconnect());
  });
  return (
    <button ref={button} type="button" class="link-button more-members" onClick={() => props.onMore()}>
      {text("info.more")}
    </button>
  );
}

function MemberRow(
  props: {
    chatId: string;
    member: ChatMember;
    group: boolean;
    canChange: boolean;
    canRemove: boolean;
    open: boolean;
    onToggle: () => void;
    onAsk: (what: Asked["what"]) => void;
  },
): JSX.Element {
  const app = useApp();
  const username = () => props.member.username;
  const named = () => ({ username: app.people.both(props.member.accountKey, username()) });
  const actions = createPart(() => import("../people/person_actions.tsx"), () => props.open);
  const line = () => (
    <>
      <Avatar name={username()} of={props.member.accountKey} />
      <span class="person-name">
        <bdi>{props.member.displayName ?? username()}</bdi>
        <Show when={props.member.self}>
          {" "}
          <span class="person-self">({text("info.you")})</span>
        </Show>
        <Show when={props.member.displayName}>
          {" "}
          <span class="person-address">@{username()}</span>
        </Show>
      </span>
      <Show when={props.member.keyChanged}>
        <span class="badge badge-warning">{text("info.key-changed")}</span>
      </Show>
      <Show when={props.member.keyReplaced}>
        <span class="badge badge-warning">{text("info.key-replaced")}</span>
      </Show>
      <Show when={props.member.verified}>
        <span class="verified" role="img" aria-label={text("chat.verified")} title={text("chat.verified")}>
          <Icon name="verified" />
        </span>
      </Show>
      <Show when={props.member.role === "admin" && props.group}>
        <span class="badge badge-quiet">{text("info.admin")}</span>
      </Show>
    </>
  );
  const verify = () => (
    <button
      type="button"
      class="button button-small"
      aria-label={text("info.verify-who", named())}
      onClick={() => app.compare(username())}
    >
      <Icon name="verified" />
      {text("info.verify")}
    </button>
  );
  return (
    <li class="person-item" classList={{ "person-open": props.open }}>
      <Show when={!props.member.self} fallback={<div class="person">{line()}</div>}>
        <Show when={props.group} fallback={<div class="person">{line()}{verify()}</div>}>
          <button
            type="button"
            class="person person-button"
            aria-expanded={props.open}
            onClick={() => props.onToggle()}
          >
            {line()}
            <Icon name="chevron" />
          </button>
          <Show when={props.open}>
            <div class="person-actions" role="group" aria-label={text("info.actions", named())}>
              {verify()}
              <Show when={props.canChange}>
                <button
                  type="button"
                  class="button button-small"
                  onClick={() => props.onAsk(props.member.role === "admin" ? "make-member" : "make-admin")}
                >
                  {props.member.role === "admin" ? text("info.make-member") : text("info.make-admin")}
                </button>
              </Show>
              <Show when={props.canRemove}>
                <button
                  type="button"
                  class="button button-small button-danger-quiet"
                  aria-label={text("info.remove", named())}
                  onClick={() => props.onAsk("remove")}
                >
                  {text("info.remove-short")}
                </button>
              </Show>
              <Show when={actions()} keyed>
                {({ PersonActions }) => <PersonActions chatId={props.chatId} member={props.member} />}
              </Show>
            </div>
          </Show>
        </Show>
      </Show>
    </li>
  );
}

function MemberQuestion(
  props: { chatId: string; what: Asked["what"]; username: string; onClose: () => void },
): JSX.Element {
  const app = useApp();
  const { chatId, what, username } = props;
  const named = { username: app.people.bothOf(username) };
  const ask = {
    "remove": { confirm: text("confirm.remove-yes"), act: () => app.engine.removePerson(chatId, username) },
    "make-admin": { confirm: text("info.make-admin"), act: () => app.engine.setRole(chatId, username, "admin") },
    "make-member": { confirm: text("info.make-member"), act: () => app.engine.setRole(chatId, username, "member") },
  }[what];
  return (
    <ConfirmDialog
      title={text(`confirm.${what}-title`, named)}
      body={text(`confirm.${what}`, named)}
      confirm={ask.confirm}
      mild={what !== "remove"}
      waiting="working"
      onConfirm={ask.act}
      onClose={props.onClose}
    />
  );
}
