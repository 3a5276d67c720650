/** `test` with the app around an engine in memory. A test fails when it leaves an error in the console. */

import { fileURLToPath } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test as base } from "@playwright/test";
import { pressAgain } from "../press_again.ts";
import { faultsOf } from "./page_checks.ts";
import { serveBuild } from "./serve_build.ts";

const build = fileURLToPath(new URL("../../../dist/web-fake", import.meta.url));

/** Appended to the served service worker: another text is another version of the app. */
export const served = { version: "" };

export const test = base.extend<{ problems: string[] }, { url: string }>({
  url: [async ({}, use) => {
    const server = await serveBuild(
      build,
      0,
      (
        name,
        body,
      ) => (name === "/service_worker.js"
        ? new TextEncoder().encode(`${new TextDecoder().decode(body)}\n${served.version}`)
        : body),
    );
    await use(server.url);
    await server.close();
  }, { scope: "worker" }],
  page: async ({ page }, use) => {
    pressAgain(page);
    await use(page);
  },
  problems: async ({ page }, use) => {
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    await use(problems);
    expect(problems).toEqual([]);
  },
});

export const password = "correct horse battery";

export async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByRole("textbox", { name: "Username" }).fill("mara");
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("link", { name: "alice" })).toBeVisible();
}

/** Checks the present screen with axe and with the project's own checks. */
export async function expectWhole(page: Page, screen: string): Promise<void> {
  await page.evaluate(atRest);
  expect(await faultsOf(page), screen).toEqual([]);
  // A row of the chat list is named by its title and described by its preview, so its name contains no
  // message text. This is the only rule from which the app differs. The app has no frames, so axe may run in
  // the page alone ("legacy mode"). Otherwise it opens a page for each check and copies its results, which
  // takes twice as long.
  const { violations } = await new AxeBuilder({ page }).options({ resultTypes: ["violations"] }).disableRules(
    "label-content-name-mismatch",
  ).setLegacyMode().analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`), screen).toEqual([]);
}

/** Waits, in the page, for what fades and moves: in between, colours have no contrast. What goes round is left out. */
async function atRest(): Promise<void> {
  const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().iterations !== Infinity);
  await Promise.all(ending.map(({ finished }) => finished.catch(() => {})));
}

export { expect } from "@playwright/test";
