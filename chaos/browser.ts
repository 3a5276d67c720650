/** A browser with one profile on disk and a tab for each chat. Its processes are killed and started again. */

import { type Browser as Chromium, type ElementHandle, launch, type Page } from "puppeteer-core";
import { password } from "../cli/testing/shell.ts";
import type { EngineApi } from "../client/api/engine_api.ts";
// @ts-ignore: plain JavaScript with JSDoc types
import { headlessShell } from "../scripts/test/chromium.mjs";
import { type Chat, chats } from "./ledger.ts";
import { askEngine, shownTwice, watchMessages, writeMessage } from "./page_script.ts";

/** How long a page may take for an answer before it is taken for dead, in ms. */
const answerMs = 25_000;
const retryMs = 250;
/** How long a step of the first start may take: four accounts are made at once, beside whatever else runs. In ms. */
export const startMs = 300_000;
const startTries = 5;

interface Tab {
  chat: Chat;
  page?: Page;
  /** Rises with each opening, so that an older one gives up. */
  life: number;
}

export interface BrowserOptions {
  /** Holds the profile. */
  folder: string;
  url: string;
  tell: (text: string, state: string) => void;
  log: (line: string) => void;
}

export class Browser {
  readonly #options: BrowserOptions;
  readonly #tabs: Tab[] = (Object.keys(chats) as Chat[]).map((chat) => ({ chat, life: 0 }));
  #chromium: Chromium | undefined;
  #launching: Promise<void> | undefined;
  /** Of the browser itself: Debian's command is a script that starts it. */
  #pid: number | undefined;
  #chatIds: Record<Chat, string> | undefined;
  readonly #crashed = new Set<number>();

  constructor(options: BrowserOptions) {
    this.#options = options;
  }

  async launch(): Promise<void> {
    this.#launching = this.#launch();
    await this.#launching;
  }

  async #launch(): Promise<void> {
    this.#chromium = await launch({
      ...headlessShell,
      headless: "shell",
      userDataDir: this.#options.folder,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      protocolTimeout: answerMs,
    });
    [this.#pid] = await this.#processes("browser");
  }

  /** In a tab that stays open only for that. */
  async createAccount(username: string): Promise<void> {
    const page = await this.#chromium!.newPage();
    await page.goto(this.#options.url, { timeout: startMs });
    await (await shown(page, `::-p-aria([name="Username"][role="textbox"])`)).type(username);
    await (await shown(page, `::-p-aria([name="Password"])`)).type(password);
    await this.#submit(page);
    await (await shown(page, `::-p-aria([name="Continue"][role="button"])`)).click();
    // From now on the page opens without its server, too.
    await patiently(() => page.evaluate(hasServiceWorker), "a service worker");
    this.#tabs[0].page = page;
  }

  /** As a person does on a machine with much to do: what failed is read and tried again. @throws Error what it says */
  async #submit(page: Page): Promise<void> {
    for (let tries = 1;; tries++) {
      await (await shown(page, `::-p-aria([name="Create account"][role="button"])`)).click();
      const answer = await shown(page, `::-p-aria([name="Continue"][role="button"]), [role="alert"]`);
      const said = await answer.evaluate((node) => node.getAttribute("role") === "alert" ? node.textContent ?? "" : "");
      if (said === "") return;
      this.#options.log(`Create account: ${said}`);
      if (tries === startTries) throw new Error(`no account after ${tries} tries: ${said}`);
      await sleep(retryMs);
    }
  }

  /** Opens a tab for each chat. */
  async open(chatIds: Record<Chat, string>): Promise<void> {
    this.#chatIds = chatIds;
    await this.#tabs[0].page?.close();
    for (const index of this.#tabs.keys()) await this.openTab(index);
  }

  /** Opens a tab again; resolves once its address was asked for. */
  async openTab(index: number): Promise<void> {
    const tab = this.#tabs[index];
    const life = ++tab.life;
    await tab.page?.close().catch(() => {});
    const page = tab.page = await this.#chromium!.newPage();
    page.on("error", () => this.#crashed.add(index));
    page.on("pageerror", (error) => this.#options.log(`page error: ${(error as Error).message}`));
    page.on("console", (message) => {
      if (message.type() === "error") this.#options.log(`console: ${message.text()}`);
    });
    await page.exposeFunction("chaosTell", (news: [string, string][]) => {
      for (const [text, state] of news) this.#options.tell(text, state);
    });
    await page.exposeFunction("chaosSay", (line: string) => this.#options.log(`${tab.chat}: ${line}`));
    await page.evaluateOnNewDocument(watchMessages);
    void this.#navigate(page, tab, life);
  }

  /** Goes to the chat's address until the page is there: without its server, a page may have to try again. */
  async #navigate(page: Page, tab: Tab, life: number): Promise<void> {
    while (tab.life === life && this.#chromium?.connected) {
      try {
        await page.goto(`${this.#options.url}/#chat/${this.#chatIds![tab.chat]}`, { waitUntil: "domcontentloaded" });
        return;
      } catch (error) {
        if (tab.life === life) this.#options.log(`open ${tab.chat}: ${(error as Error).message}`);
        await sleep(retryMs);
      }
    }
  }

  /**
   * Kills a process that draws a tab. Which tab it draws shows by what crashes; one that draws none is passed over.
   *
   * @param which from 0 to 1
   * @returns the tabs that have crashed, to be opened again
   */
  async killTab(which: number): Promise<number[]> {
    this.#crashed.clear();
    const renderers = await this.#processes("renderer");
    const first = Math.floor(which * renderers.length);
    for (const pid of [...renderers.slice(first), ...renderers.slice(0, first)]) {
      kill(pid);
      for (let looks = 0; looks < 20 && this.#crashed.size === 0; looks++) await sleep(20);
      if (this.#crashed.size > 0) break;
    }
    await sleep(20);
    for (const index of this.#crashed) this.#tabs[index].life++;
    return [...this.#crashed];
  }

  /** Kills the browser itself; all of its processes end with it. */
  async kill(): Promise<void> {
    for (const tab of this.#tabs) [tab.page, tab.life] = [undefined, tab.life + 1];
    await this.#launching?.catch(() => {});
    const command = this.#chromium?.process();
    if (!command || command.exitCode !== null || this.#pid === undefined) return;
    const ended = new Promise((resolve) => command.once("exit", resolve));
    kill(this.#pid);
    await ended;
  }

  /** After {@link kill}: the same profile. */
  async relaunch(): Promise<void> {
    await this.launch();
    for (const index of this.#tabs.keys()) await this.openTab(index);
  }

  /** @returns whether the tab of that chat took the text */
  async write(chat: Chat, text: string): Promise<boolean> {
    const page = this.#tabs.find((tab) => tab.chat === chat)?.page;
    return await page?.evaluate(writeMessage, text).catch(() => false) ?? false;
  }

  /** Texts that stand twice in a tab. */
  async shownTwice(): Promise<string[]> {
    return (await Promise.all(this.#tabs.map(({ page }) => page?.evaluate(shownTwice) ?? []))).flat();
  }

  /** Calls the profile's engine through one of its tabs. @throws Error when it refuses, or no tab answers */
  async call<Method extends keyof EngineApi>(
    method: Method,
    ...args: Parameters<EngineApi[Method]>
  ): Promise<Awaited<ReturnType<EngineApi[Method]>>> {
    const page = this.#tabs.find((tab) => tab.page)?.page;
    const answer = await page?.evaluate(askEngine, method, args as unknown[]);
    if (!answer || answer.problem) {
      throw new Error(`${method}: ${JSON.stringify(answer?.problem ?? "there is no tab")}`);
    }
    return answer.result as Awaited<ReturnType<EngineApi[Method]>>;
  }

  async #processes(wanted: "browser" | "renderer"): Promise<number[]> {
    const session = await this.#chromium!.target().createCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    return processInfo.filter(({ type }) => type === wanted).map(({ id }) => id);
  }
}

/** Waits for it by short questions: the browser's own wait is one long question, which {@link answerMs} ends. */
async function shown(page: Page, selector: string): Promise<ElementHandle> {
  return await patiently(() => page.$(selector), selector);
}

/** @param look gives a result, or nothing yet @throws Error after {@link startMs} */
async function patiently<T>(look: () => Promise<T | null | false>, what: string): Promise<T> {
  const endMs = performance.now() + startMs;
  while (true) {
    const found = await look();
    if (found) return found;
    if (performance.now() > endMs) throw new Error(`the page did not show in ${startMs / 1000} s: ${what}`);
    await sleep(retryMs);
  }
}

/** Runs in the page. */
const hasServiceWorker = async () => Boolean((await navigator.serviceWorker.getRegistration())?.active);

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
