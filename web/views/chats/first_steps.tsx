import { createEffect, createMemo, Index, type JSX, on, Show } from "solid-js";
import { fill } from "../../i18n/language.ts";
import { firstWords } from "../../i18n/first_words.ts";
import { useApp } from "../../state/app_context.ts";
import { createStepsDone } from "../../state/steps_done.ts";
import { Icon } from "../common/icons.tsx";
import "../../styles/first_steps.css";

interface Step {
  name: string;
  why: string;
  done: boolean;
  /** Absent: there is nothing to press, the words say what to do. */
  act?: () => void;
}

/**
 * What helps a new account. A step is done when it is so, wherever that was done; steps that make no sense yet are not
 * shown. It goes when all is done, or when the user hides it.
 */
export function FirstSteps(): JSX.Element {
  const app = useApp();
  const words = firstWords();
  const { isKnown, invited, secondDevice } = createStepsDone(app);
  const hasFace = () => {
    const account = app.account();
    const face = account?.kind === "signed-in" ? app.people.face(account.accountKey) : undefined;
    return face?.displayName !== undefined || face?.pictureId !== undefined;
  };
  const others = () => (app.chats() ?? []).flatMap(({ members }) => members).filter(({ self }) => !self);

  const step = (name: keyof typeof words.steps, done: boolean, act?: () => void): Step => ({
    ...words.steps[name],
    done,
    ...(act && { act }),
  });

  function installStep(): Step[] {
    const known = app.install.state();
    if (known === undefined) return [];
    if (known === "by-hand") return [{ ...step("install", false), why: words.installByHand }];
    return [step("install", known === "done", app.install.ask)];
  }

  function verifyStep(): Step[] {
    const [first] = others().filter(({ verified }) => !verified);
    const isDone = others().some(({ verified }) => verified);
    if (!first && !isDone) return [];
    const named = isDone ? others().find(({ verified }) => verified)! : first;
    const { name, why } = words.steps.verify;
    return [{
      name: fill(name, { name: app.people.bothOf(named.username) }),
      why,
      done: isDone,
      act: () => app.compare(named.username),
    }];
  }

  const steps = createMemo((): Step[] => [
    step("code", !app.recoveryCodeLeft(), () => app.navigation.go({ kind: "settings" })),
    step("profile", hasFace(), () => app.navigation.go({ kind: "settings" })),
    step("invite", invited() === true || others().length > 0, () => app.openings.show("invite")),
    ...installStep(),
    ...verifyStep(),
    step("device", secondDevice() === true),
  ]);
  const isOver = () => isKnown() && steps().every(({ done }) => done);
  createEffect(on(isOver, (over) => over && app.firstSteps.end(), { defer: true }));

  return (
    <section class="first-steps" aria-label={words.title}>
      <h2 class="section-title">{words.title}</h2>
      <ul class="settings-card first-list">
        <Index each={steps()}>{(one) => <StepRow step={one()} />}</Index>
      </ul>
      <button type="button" class="button button-quiet" onClick={() => app.firstSteps.end()}>{words.hide}</button>
    </section>
  );
}

function StepRow(props: { step: Step }): JSX.Element {
  const inside = () => (
    <>
      <span class="first-check" classList={{ "first-check-on": props.step.done }}>
        <Show when={props.step.done}>
          <Icon name="sent" size="s" />
          <span class="visually-hidden">{firstWords().done}</span>
        </Show>
      </span>
      <span class="settings-what">
        <span class="settings-name" classList={{ "first-done": props.step.done }}>{props.step.name}</span>
        <Show when={!props.step.done}>
          <span class="hint">{props.step.why}</span>
        </Show>
      </span>
    </>
  );
  return (
    <li>
      <Show
        when={!props.step.done && props.step.act}
        fallback={<div class="settings-row first-row">{inside()}</div>}
      >
        {(act) => (
          <button type="button" class="settings-row first-row" onClick={() => act()()}>
            {inside()}
            <Icon name="next" />
          </button>
        )}
      </Show>
    </li>
  );
}
