/** The menu of a message, as it is opened with a mouse. */

import type { Locator } from "@playwright/test";

/** How long the button may stay out of reach until the mouse goes to the message again, in ms. */
const againMs = 3_000;

/** Opens the menu of a message. Its button shows under the mouse alone: where rows move, the mouse follows. */
export async function openMessageMenu(article: Locator): Promise<void> {
  const button = article.getByRole("button", { name: "Message actions" });
  let isOpen = false;
  while (!isOpen) {
    await article.hover();
    isOpen = await button.click({ timeout: againMs }).then(() => true, () => false) ||
      await button.getAttribute("aria-expanded") === "true";
  }
}
