import { createEffect, createResource, createSignal, For, type JSX, on, Show } from "solid-js";
import type { SafetyNumber } from "../../../client/api/engine_api.ts";
import { type EngineProblem, LocalCode } from "../../../client/api/errors.ts";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask, problemFrom } from "../../state/task.ts";
import { AcceptKeyDialog } from "./accept_key_dialog.tsx";
import { Dialog } from "../common/dialog.tsx";
import { Icon } from "../common/icons.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";
import { QrCode } from "../common/qr_code.tsx";

/** The number that two people compare to detect a machine in the middle (specification §1.6). */
export function SafetyDialog(props: { username: string; onClose: () => void }): JSX.Element {
  const app = useApp();
  const [number, { refetch }] = createResource(() => props.username, (username) => app.engine.safetyNumber(username));
  return (
    <Dialog title={text("safety.title", { username: app.people.bothOf(props.username) })} onCancel={props.onClose}>
      <Show when={!number.error} fallback={<ProblemNote problem={problemFrom(number.error)} />}>
        <Show when={number()} fallback={<ProgressLine active fallback="working" />}>
          {(known) => <SafetyBody number={known()} onChanged={() => void refetch()} onClose={props.onClose} />}
        </Show>
      </Show>
      <Show when={!number()}>
        <div class="dialog-actions">
          <button type="button" class="button" data-first onClick={() => props.onClose()}>
            {text("safety.close")}
          </button>
        </div>
      </Show>
    </Dialog>
  );
}

function SafetyBody(props: { number: SafetyNumber; onChanged: () => void; onClose: () => void }): JSX.Element {
  const app = useApp();
  const task = createTask();
  const [accepting, setAccepting] = createSignal(false);
  const [refused, setRefused] = createSignal<EngineProblem>();
  let close!: HTMLButtonElement;
  // The button with the focus was on the former screen, or is gone after its work.
  const keepFocus = () =>
    queueMicrotask(() => document.activeElement === document.body && close.isConnected && close.focus());
  createEffect(on(() => props.number.verified, keepFocus));
  const username = () => props.number.username;
  const named = () => app.people.bothOf(username());
  const groups = () => props.number.digits.replace(/\D/g, "").match(/.{5}/g) ?? [];
  async function mark(verified: boolean): Promise<void> {
    setRefused(undefined);
    const { accountKey } = props.number;
    const done = await task.run(() => app.engine.setVerified(username(), accountKey, verified));
    // The shown number is of an old key. Then the new key's number is shown.
    if (done || task.problem()?.code === LocalCode.otherKey || task.problem()?.code === LocalCode.keyChanged) {
      props.onChanged();
    }
    keepFocus();
  }
  function showOther(): void {
    setRefused({ code: LocalCode.otherKey, detail: `${username()} has another key than the one that was shown` });
    props.onChanged();
  }
  function accepted(): void {
    setRefused(undefined);
    props.onChanged();
  }
  return (
    <>
      <Show
        when={props.number.changed}
        fallback={<p class="safety-why">{text("safety.why", { username: named() })}</p>}
      >
        <p class="safety-changed">
          <Icon name="warning" />
          <span>{text("safety.changed", { username: named() })}</span>
        </p>
      </Show>
      <div class="safety-numbers">
        <QrCode hex={props.number.qr} label={text("safety.qr")} />
        <div class="safety-digits" role="group" aria-label={text("safety.digits")} tabindex="0">
          <For each={groups()}>{(group) => <span>{group}</span>}</For>
        </div>
      </div>
      <Show when={props.number.verified}>
        <p class="safety-verified">
          <Icon name="verified" />
          {text("safety.verified", { username: named() })}
        </p>
      </Show>
      <ProblemNote problem={task.problem() ?? refused()} />
      <div class="dialog-actions">
        <button ref={close} type="button" class="button" data-first onClick={() => props.onClose()}>
          {text("safety.close")}
        </button>
        <Show
          when={!props.number.changed}
          fallback={
            <button type="button" class="button button-primary" onClick={() => setAccepting(true)}>
              {text("chat.accept-key")}
            </button>
          }
        >
          <Show
            when={props.number.verified}
            fallback={
              <button
                type="button"
                class="button button-primary"
                disabled={task.running()}
                onClick={() => void mark(true)}
              >
                <Icon name="verified" />
                {text("safety.mark")}
              </button>
            }
          >
            <button type="button" class="button" disabled={task.running()} onClick={() => void mark(false)}>
              {text("safety.unmark")}
            </button>
          </Show>
        </Show>
      </div>
      <Show when={accepting()}>
        <AcceptKeyDialog
          number={props.number}
          onAccepted={accepted}
          onOther={showOther}
          onClose={() => setAccepting(false)}
        />
      </Show>
    </>
  );
}
