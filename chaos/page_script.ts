/** What runs inside the pages. The functions go there as text, so they use nothing from outside of themselves. */

/** Tells of each numbered message in the page, of each change of its state, and of what is said of the connection. */
export function watchMessages(): void {
  const page = globalThis as unknown as { chaosTell(news: [string, string][]): void; chaosSay(line: string): void };
  let said = "";
  const told = new Map<string, string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    timer = undefined;
    const status = [...document.querySelectorAll("[role=status]")].map((element) =>
      `${element.textContent} ${element.getAttribute("title") ?? ""}`.trim()
    ).filter(Boolean).join("; ");
    if (status !== said) page.chaosSay(said = status);
    const news: [string, string][] = [];
    for (const article of document.querySelectorAll("[role=log] article")) {
      const text = /\b[a-z]+-[a-z]+-\d{5}\b/.exec(article.textContent ?? "")?.[0];
      if (!text) continue;
      const state = /state-(\w+)/.exec(article.querySelector(".message-state")?.className ?? "")?.[1] ?? "received";
      if (told.get(text) === state) continue;
      told.set(text, state);
      news.push([text, state]);
    }
    if (news.length > 0) page.chaosTell(news);
  };
  new MutationObserver(() => timer ??= setTimeout(look, 20)).observe(document, { childList: true, subtree: true });
}

/** Writes a text into the field and presses Send. @returns whether the page took it */
export function writeMessage(text: string): boolean {
  const field = document.querySelector<HTMLTextAreaElement>(".composer-input");
  if (!field) return false;
  field.value = text;
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  document.querySelector<HTMLButtonElement>(".send-button")?.click();
  return field.value === "";
}

/** The texts that stand twice in the page. */
export function shownTwice(): string[] {
  const texts = [...document.querySelectorAll("[role=log] article")]
    .map((article) => /\b[a-z]+-[a-z]+-\d{5}\b/.exec(article.textContent ?? "")?.[0]).filter(Boolean) as string[];
  return texts.filter((text, index) => texts.indexOf(text) !== index);
}

/** Calls the engine of this profile as another tab would (web/engine/tab_protocol.ts). @returns its answer */
export function askEngine(method: string, args: unknown[]): Promise<{ result?: unknown; problem?: unknown }> {
  const channel = new BroadcastChannel("qpq-engine/1");
  const id = crypto.randomUUID();
  return new Promise((resolve) => {
    const ask = () => channel.postMessage({ kind: "call", id, method, args });
    const again = setInterval(ask, 500);
    const end = (answer: { result?: unknown; problem?: unknown }) => {
      clearInterval(again);
      clearTimeout(late);
      channel.close();
      resolve(answer);
    };
    const late = setTimeout(() => end({ problem: "no tab has answered" }), 20_000);
    channel.onmessage = ({ data }) => {
      if (data.id === id && data.kind === "answer") end({ result: data.result });
      if (data.id === id && data.kind === "refusal") end({ problem: data.problem });
    };
    ask();
  });
}
