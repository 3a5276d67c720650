import { createResource, For, type JSX, Show } from "solid-js";
import type { ContactPolicy, PrivacySettings } from "../../../client/api/engine_api.ts";
import { fill } from "../../i18n/language.ts";
import { peopleWords } from "../../i18n/people_words.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { Avatar } from "../common/avatar.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import "../../styles/people.css";

const told: (keyof PrivacySettings)[] = ["readReceipts", "typing"];
const policies: ContactPolicy[] = ["everybody", "groups", "invited"];

/** Who may write to the account, what it tells of itself, and whom it has blocked. */
export function PrivacySection(): JSX.Element {
  const app = useApp();
  const words = peopleWords();
  const task = createTask();
  const [settings] = createResource(app.peopleVersion, () => app.engine.peopleSettings());
  const [privacy] = createResource(app.peopleVersion, () => app.engine.privacy());
  async function change(what: keyof PrivacySettings, box: HTMLInputElement): Promise<void> {
    await task.run(() => app.engine.changePrivacy({ [what]: box.checked }));
    // What was not changed is shown as it is.
    if (task.problem()) box.checked = privacy.latest?.[what] === true;
  }
  return (
    <section class="panel-section" aria-labelledby="settings-privacy">
      <h2 id="settings-privacy" class="panel-heading">{words.privacy}</h2>
      <fieldset class="settings-card choices">
        <legend class="settings-name">{words.policy}</legend>
        <For each={policies}>
          {(policy) => (
            <label class="check-row">
              <input
                type="radio"
                name="contact-policy"
                checked={settings.latest?.policy === policy}
                disabled={task.running() || !settings.latest}
                onInput={() => void task.run(() => app.engine.setContactPolicy(policy))}
              />
              <span>
                {words.policies[policy].name}
                <span class="hint">{words.policies[policy].why}</span>
              </span>
            </label>
          )}
        </For>
      </fieldset>
      <div class="settings-card choices">
        <For each={told}>
          {(what) => (
            <label class="check-row">
              <input
                type="checkbox"
                role="switch"
                checked={privacy.latest?.[what] === true}
                disabled={task.running() || !privacy.latest}
                onInput={(event) => change(what, event.currentTarget)}
              />
              <span>
                {words.tells[what].name}
                <span class="hint">{words.tells[what].why}</span>
              </span>
            </label>
          )}
        </For>
      </div>
      <h3 class="panel-heading">{words.blockedPeople}</h3>
      <Show when={(settings.latest?.blocked ?? []).length > 0} fallback={<p class="hint">{words.nobodyBlocked}</p>}>
        <ul class="settings-card people">
          <For each={settings.latest?.blocked}>
            {({ username, accountKey }) => (
              <li class="person">
                <Avatar name={username} of={accountKey} />
                <span class="person-name">{app.people.both(accountKey, username)}</span>
                <button
                  type="button"
                  class="button button-small"
                  aria-label={fill(words.unblockNamed, { name: username })}
                  disabled={task.running()}
                  onClick={() => void task.run(() => app.engine.unblock(accountKey))}
                >
                  {words.unblock}
                </button>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <ProblemNote problem={task.problem()} />
    </section>
  );
}
