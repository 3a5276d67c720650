import { createResource, createSignal, For, type JSX, Show } from "solid-js";
import { toHex, utf8 } from "../../../schema/bytes.ts";
import type { ChatSummary, InviteLinkInfo } from "../../../client/api/engine_api.ts";
import { fill, language } from "../../i18n/language.ts";
import { peopleWords } from "../../i18n/people_words.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { CopyButton } from "../common/copy_button.tsx";
import { Dialog } from "../common/dialog.tsx";
import { Icon } from "../common/icons.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";
import { QrCode } from "../common/qr_code.tsx";
import "../../styles/people.css";

const dayMs = 24 * 3_600_000;
const spans = [1, 7, 30] as const;

/** Makes an invite link, shows it as text and as a QR code, and makes links invalid. `group`: a link into it. */
export function InviteDialog(props: { group?: ChatSummary; onClose: () => void }): JSX.Element {
  const app = useApp();
  const words = peopleWords();
  const task = createTask();
  const [days, setDays] = createSignal<(typeof spans)[number]>(7);
  const [letsIn, setLetsIn] = createSignal(false);
  const [made, setMade] = createSignal<InviteLinkInfo>();
  const [links, { refetch }] = createResource(async () =>
    (await app.engine.links()).filter(({ chatId, kind }) =>
      props.group ? chatId === props.group.chatId : kind === "chat"
    )
  );
  const make = () =>
    task.run(async () => {
      const forMs = days() * dayMs;
      const into = props.group && { chatId: props.group.chatId, letsIn: letsIn() };
      setMade(await app.engine.makeLink({ forMs, ...into }));
      await refetch();
    });
  const revoke = (linkId: string) =>
    task.run(async () => {
      await app.engine.revokeLink(linkId);
      if (made()?.linkId === linkId) setMade(undefined);
      await refetch();
    });
  const close = () => task.running() || props.onClose();
  const title = props.group ? fill(words.inviteGroupTitle, { group: props.group.title }) : words.inviteTitle;
  return (
    <Dialog title={title} onCancel={close}>
      <Show when={made()} fallback={<Choices />}>{(link) => <ShownLink link={link()} />}</Show>
      <ProblemNote problem={task.problem()} />
      <ProgressLine active={task.long()} fallback="working" />
      <Show when={(links() ?? []).length > 0}>
        <h3 class="panel-heading">{words.links}</h3>
        <ul class="settings-card link-list">
          <For each={links()}>
            {(link, index) => (
              <li class="settings-row">
                <Icon name="key" />
                <div class="settings-what">
                  <p class="settings-name">
                    {props.group ? fill(words.linkGroup, { group: props.group.title }) : words.linkChat}
                  </p>
                  <p class="hint">{fill(words.until, { date: dateOf(link.endMs) })}</p>
                </div>
                <button
                  type="button"
                  class="button button-small button-danger-quiet"
                  aria-label={fill(words.revokeNamed, {
                    at: index() + 1,
                    count: (links() ?? []).length,
                    date: dateOf(link.endMs),
                  })}
                  disabled={task.running()}
                  onClick={() => void revoke(link.linkId)}
                >
                  {words.revoke}
                </button>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close} disabled={task.running()}>{words.close}</button>
        <Show when={!made()}>
          <button type="button" class="button button-primary" disabled={task.running()} onClick={() => void make()}>
            {words.make}
          </button>
        </Show>
      </div>
    </Dialog>
  );

  function Choices(): JSX.Element {
    return (
      <>
        <div class="field">
          <label for="link-days">{words.ends}</label>
          <select
            id="link-days"
            class="input"
            value={days()}
            onInput={(event) => setDays(Number(event.currentTarget.value) as (typeof spans)[number])}
          >
            <For each={spans}>{(span) => <option value={span}>{words.days[span]}</option>}</For>
          </select>
        </div>
        <Show when={props.group}>
          <label class="check-row">
            <input type="checkbox" checked={letsIn()} onInput={(event) => setLetsIn(event.currentTarget.checked)} />
            <span>
              {words.letsIn}
              <span class="hint">{words.letsInWhy}</span>
            </span>
          </label>
        </Show>
      </>
    );
  }
}

function ShownLink(props: { link: InviteLinkInfo }): JSX.Element {
  const words = peopleWords();
  const address = () => `${location.origin}/#/i/${props.link.code}`;
  const sentence = () =>
    fill(props.link.kind === "chat" ? words.scan : words.scanGroup, { date: dateOf(props.link.endMs) });
  const canShare = typeof navigator.share === "function";
  return (
    <div class="shown-link">
      <QrCode hex={toHex(utf8(address()))} label={words.qr} />
      <p>{sentence()}</p>
      <div class="field">
        <label for="invite-link">{words.link}</label>
        <input
          id="invite-link"
          class="input"
          readonly
          value={address()}
          onFocus={(event) => event.currentTarget.select()}
        />
      </div>
      <div class="info-actions">
        <CopyButton value={address()} label={words.copy} />
        <Show when={canShare}>
          {/* The user may close the system's dialog: that is no failure. */}
          <button type="button" class="button" onClick={() => void navigator.share({ url: address() }).catch(() => {})}>
            {words.share}
          </button>
        </Show>
      </div>
    </div>
  );
}

/** @returns a day as people write it */
function dateOf(ms: number): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(ms);
}
