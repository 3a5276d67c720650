import { createResource, For, type JSX, Show } from "solid-js";
import { fill } from "../../i18n/language.ts";
import { peopleWords } from "../../i18n/people_words.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { Avatar } from "../common/avatar.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import "../../styles/people.css";

/** Who asks by an invite link to be let into a group. Nothing while nobody does. */
export function RequestsSection(props: { chatId: string }): JSX.Element {
  const app = useApp();
  const words = peopleWords();
  const task = createTask();
  const [requests] = createResource(
    app.peopleVersion,
    async () => (await app.engine.joinRequests()).filter(({ chatId }) => chatId === props.chatId),
  );
  const answer = (requestId: string, letIn: boolean) =>
    void task.run(() => app.engine.answerJoinRequest(requestId, letIn));
  return (
    <Show when={(requests.latest ?? []).length > 0}>
      <section class="panel-section" aria-labelledby="info-requests">
        <h2 id="info-requests" class="panel-heading">{words.requests}</h2>
        <ul class="settings-card people">
          <For each={requests.latest}>
            {({ requestId, username, accountKey, note }) => (
              <li class="person join-request">
                <Avatar name={username} of={accountKey} />
                <span class="person-name">
                  {fill(words.request, { name: app.people.both(accountKey, username) })}
                  <Show when={note !== ""}>
                    <span class="hint" dir="auto">{note}</span>
                  </Show>
                </span>
                <span class="join-answers">
                  <button
                    type="button"
                    class="button"
                    aria-label={fill(words.declineNamed, { name: username })}
                    disabled={task.running()}
                    onClick={() => answer(requestId, false)}
                  >
                    {words.decline}
                  </button>
                  <button
                    type="button"
                    class="button button-primary"
                    aria-label={fill(words.letInNamed, { name: username })}
                    disabled={task.running()}
                    onClick={() => answer(requestId, true)}
                  >
                    {words.letIn}
                  </button>
                </span>
              </li>
            )}
          </For>
        </ul>
        <ProblemNote problem={task.problem()} />
      </section>
    </Show>
  );
}
