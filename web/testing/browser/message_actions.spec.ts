import type { Locator, Page } from "@playwright/test";
import { expect, expectWhole, signIn, test as base } from "./fixture.ts";
import { openMessageMenu } from "../message_menu.ts";

/** Nothing may be left in the console. */
const test = base.extend<{ watched: void }>({ watched: [({ problems: _ }, use) => use(), { auto: true }] });

/** Without motion: a colour on its way has too little contrast. */
async function openChoir(page: Page, url: string): Promise<void> {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await signIn(page, url);
  await page.getByRole("link", { name: "Choir" }).click();
  await expect(page.getByRole("textbox", { name: "Message" })).toBeVisible();
}

const message = (page: Page, words: string) => page.getByRole("article").filter({ hasText: words });

/** Opens a message's menu, and gives an entry of it. */
async function entry(page: Page, article: Locator, name: string): Promise<Locator> {
  await openMessageMenu(article);
  await expect(page.getByRole("menu", { name: "Message actions" })).toBeVisible();
  return page.getByRole("menuitem", { name, exact: true });
}

async function write(page: Page, words: string): Promise<void> {
  await page.getByRole("textbox", { name: "Message" }).fill(words);
  await page.getByRole("textbox", { name: "Message" }).press("Enter");
  await expect(message(page, words).getByRole("img", { name: /^(Sent|Delivered|Read)$/ })).toBeVisible();
}

test("CONVERSATIONS: a message is answered by its menu, and the quote leads to it", async ({ page, url }) => {
  await openChoir(page, url);
  await (await entry(page, message(page, "Who has the second alto part?"), "Reply")).click();
  await expect(page.getByText("Reply to carol")).toBeVisible();
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByText("Reply to carol")).toHaveCount(0);
  await (await entry(page, message(page, "Who has the second alto part?"), "Reply")).click();
  await expect(page.getByRole("textbox", { name: "Message" })).toBeFocused();
  await write(page, "I have it at home");
  const answer = message(page, "I have it at home");
  await expect(answer.getByRole("blockquote")).toContainText("Who has the second alto part?");
  await answer.getByRole("button", { name: "Go to the message" }).click();
  await expect(page.locator(".message-marked")).toContainText("Who has the second alto part?");
});

test("CONVERSATIONS: a reaction is given and taken back by its button, and by the picker", async ({ page, url }) => {
  await openChoir(page, url);
  const article = message(page, "Ben, may I have a copy").filter({ hasText: "dited" });
  const thumbs = article.getByRole("button", { name: "👍 2", exact: true });
  await expect(thumbs).toHaveAttribute("aria-pressed", "false");
  await thumbs.click();
  await expect(article.getByRole("button", { name: "👍 3", exact: true })).toHaveAttribute("aria-pressed", "true");
  await article.getByRole("button", { name: "👍 3", exact: true }).click();
  await expect(thumbs).toHaveAttribute("aria-pressed", "false");
  await (await entry(page, article, "React")).click();
  const picker = page.getByRole("dialog", { name: "Emoji" });
  await picker.getByRole("searchbox", { name: "Search emoji" }).fill("party popp");
  await expect(picker.getByRole("button", { name: "party popper" })).toBeVisible();
  await picker.getByRole("searchbox", { name: "Search emoji" }).press("Enter");
  await expect(article.getByRole("button", { name: "🎉 2", exact: true })).toHaveAttribute("aria-pressed", "true");
  await expect(picker).toHaveCount(0);
});

test("CONVERSATIONS: the emoji picker is a grid for the keyboard and writes into the field", async ({ page, url }) => {
  await openChoir(page, url);
  const field = page.getByRole("textbox", { name: "Message" });
  await field.fill("So");
  await page.getByRole("button", { name: "Emoji", exact: true }).click();
  const picker = page.getByRole("dialog", { name: "Emoji" });
  await expect(picker.getByRole("button", { name: "grinning face", exact: true })).toBeVisible();
  await expectWhole(page, "emoji picker");
  await picker.getByRole("searchbox").press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expect(field).toHaveValue(/^So\p{Extended_Pictographic}/u);
  await page.getByRole("button", { name: "Emoji", exact: true }).click();
  await expect(picker.getByRole("button", { name: "Recently used" })).toHaveAttribute("aria-pressed", "true");
  await page.keyboard.press("Escape");
  await expect(picker).toHaveCount(0);
});

test("CONVERSATIONS: an own message is edited by ArrowUp, and its info has the old text", async ({ page, url }) => {
  await openChoir(page, url);
  await write(page, "Is it at seven, right");
  const field = page.getByRole("textbox", { name: "Message" });
  await field.press("ArrowUp");
  await expect(page.getByText("Edit message")).toBeVisible();
  await expect(field).toHaveValue("Is it at seven, right");
  await field.press("Escape");
  await expect(field).toHaveValue("");
  await field.press("ArrowUp");
  await field.fill("It is at eight");
  await field.press("Enter");
  const edited = message(page, "It is at eight");
  await expect(edited).toContainText("Edited");
  await (await entry(page, edited, "Info")).click();
  const info = page.getByRole("dialog", { name: "Message info" });
  await expect(info).toContainText("Is it at seven, right");
  await expectWhole(page, "message info");
  await info.getByRole("button", { name: "Close" }).click();
  await expect(info).toHaveCount(0);
});

test("CONVERSATIONS: a message is deleted for everyone and for me, after a question", async ({ page, url }) => {
  await openChoir(page, url);
  await write(page, "Wrong chat!");
  await (await entry(page, message(page, "Wrong chat!"), "Delete for everyone")).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await expect(message(page, "Wrong chat!")).toBeVisible();
  await (await entry(page, message(page, "Wrong chat!"), "Delete for everyone")).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(message(page, "Wrong chat!")).toHaveCount(0);
  await expect(page.getByRole("article").last()).toContainText("This message was deleted");
  const other = message(page, "Who has the second alto part?");
  await openMessageMenu(other);
  await expect(page.getByRole("menuitem", { name: "Delete for everyone" })).toHaveCount(0);
  await page.getByRole("menuitem", { name: "Delete for me" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(other).toHaveCount(0);
});

test("CONVERSATIONS: a message is forwarded to the chats that are chosen", async ({ page, url }) => {
  await openChoir(page, url);
  await (await entry(page, message(page, "Twelve pages"), "Forward")).click();
  const dialog = page.getByRole("dialog", { name: "Forward to" });
  await dialog.getByRole("searchbox", { name: "Search chats" }).fill("geo");
  await dialog.getByRole("checkbox", { name: "georg" }).check();
  await dialog.getByRole("searchbox", { name: "Search chats" }).fill("");
  await expectWhole(page, "forward");
  await dialog.getByRole("button", { name: "Forward" }).click();
  await expect(dialog).toHaveCount(0);
  await page.getByRole("link", { name: "georg" }).click();
  await expect(message(page, "Twelve pages")).toBeVisible();
});

test("CONVERSATIONS: the menu has keys, opens by the right button, and closes by Escape", async ({ page, url }) => {
  await openChoir(page, url);
  const article = message(page, "Who has the second alto part?");
  await article.getByText("Who has").click({ button: "right" });
  const menu = page.getByRole("menu", { name: "Message actions" });
  await expect(page.getByRole("menuitem", { name: "Reply" })).toBeFocused();
  await expectWhole(page, "message menu");
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("menuitem", { name: "React" })).toBeFocused();
  await page.keyboard.press("End");
  await expect(page.getByRole("menuitem", { name: "Delete for me" })).toBeFocused();
  await page.keyboard.press("f");
  await expect(page.getByRole("menuitem", { name: "Forward" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(menu).toHaveCount(0);
  await article.getByRole("button", { name: "Message actions" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "Reply" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(article.getByRole("button", { name: "Message actions" })).toBeFocused();
});

test("CONVERSATIONS: @ is completed with the people of the chat, and a mention stands out", async ({ page, url }) => {
  await openChoir(page, url);
  const field = page.getByRole("textbox", { name: "Message" });
  await field.pressSequentially("Thank you @b");
  await expect(page.getByRole("listbox", { name: "People in this chat" }).getByRole("option")).toHaveText(["@bob"]);
  await field.press("Enter");
  await expect(field).toHaveValue("Thank you @bob ");
  await field.press("Enter");
  await expect(message(page, "Thank you @bob").locator(".mention")).toHaveText("@bob");
});

test("CONVERSATIONS: formatting is shown, and what looks like HTML is text", async ({ page, url }) => {
  await openChoir(page, url);
  await page.getByRole("textbox", { name: "Message" }).fill(
    "**bold** _italic_ ~~gone~~ `x*y*`\n> said\n- one\n  - two\n```ts\nlet a = 1;\n```\n<b>not</b> see example.org/a",
  );
  await page.getByRole("button", { name: "Send" }).click();
  const article = message(page, "let a = 1;");
  await expect(article.locator("strong")).toHaveText("bold");
  await expect(article.locator("em")).toHaveText("italic");
  await expect(article.locator("s")).toHaveText("gone");
  await expect(article.locator("code").first()).toHaveText("x*y*");
  await expect(article.locator("pre")).toHaveText("let a = 1;");
  await expect(article).toContainText("<b>not</b>");
  await expect(article.getByRole("link")).toHaveAttribute("href", "https://example.org/a");
  await expectWhole(page, "formatting");
  await page.getByRole("textbox", { name: "Message" }).fill("👍🎉");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.locator(".message-emoji")).toHaveText("👍🎉");
});

test("CONVERSATIONS: a poll is made, voted in, and ended by its author", async ({ page, url }) => {
  await openChoir(page, url);
  await page.getByRole("button", { name: "Attach" }).click();
  await page.getByRole("menuitem", { name: "Poll" }).click();
  const dialog = page.getByRole("dialog", { name: "New poll" });
  await dialog.getByRole("textbox", { name: "Question" }).fill("When do we sing?");
  await dialog.getByRole("textbox", { name: "Answer 1" }).fill("Thursday");
  await expect(dialog.getByRole("button", { name: "Send poll" })).toBeDisabled();
  await dialog.getByRole("textbox", { name: "Answer 2" }).fill("Thursday");
  await expect(dialog.getByRole("alert")).toHaveText("Two answers are the same.");
  await dialog.getByRole("textbox", { name: "Answer 2" }).fill("Friday");
  await expectWhole(page, "new poll");
  await dialog.getByRole("button", { name: "Send poll" }).click();
  const poll = message(page, "When do we sing?");
  await expect(poll.getByRole("img", { name: /^(Sent|Delivered|Read)$/ })).toBeVisible();
  await poll.getByRole("button", { name: /Friday/ }).click();
  await expect(poll.getByRole("button", { name: /Friday.*1 vote/ })).toHaveAttribute("aria-pressed", "true");
  await poll.getByRole("button", { name: /Thursday/ }).click();
  await expect(poll.getByRole("button", { name: /Friday.*0 votes/ })).toHaveAttribute("aria-pressed", "false");
  await poll.getByRole("button", { name: "1 person has voted" }).click();
  await expect(page.getByRole("dialog", { name: "Votes" })).toContainText("mara");
  await expectWhole(page, "votes");
  await page.getByRole("dialog", { name: "Votes" }).getByRole("button", { name: "Close" }).click();
  await (await entry(page, poll, "End poll")).click();
  await page.getByRole("dialog").getByRole("button", { name: "End poll" }).click();
  await expect(poll).toContainText("Final result");
  await expect(poll.getByRole("button", { name: /Friday/ })).toBeDisabled();
});

test("CONVERSATIONS: the menu is a sheet on a phone, in the dark as well", async ({ page, url }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 360, height: 740 });
  await openChoir(page, url);
  await (await entry(page, message(page, "Twelve pages"), "React")).click();
  await expect(page.getByRole("dialog", { name: "Emoji" }).getByRole("button", { name: "grinning face", exact: true }))
    .toBeVisible();
  await expectWhole(page, "emoji on a phone");
  await page.keyboard.press("Escape");
  await entry(page, message(page, "Twelve pages"), "Reply");
  await expectWhole(page, "menu on a phone");
});

test("CONVERSATIONS: a copied link leads to its message if it is there", async ({ page, context, url, problems }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await signIn(page, url);
  await page.getByRole("link", { name: "alice" }).click();
  const log = page.getByRole("log", { name: "alice" });
  const article = log.getByRole("article").filter({ hasText: "So nobody but us holds the keys?" });
  await openMessageMenu(article);
  await page.getByRole("menuitem", { name: "Copy link to message" }).click();
  await expect(page.getByRole("status").filter({ hasText: /^Copied$/ })).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(new URL(link).hash).toMatch(/^#chat\/[0-9a-f]+\/message\/[0-9a-f]+$/);
  await page.getByRole("link", { name: "bob" }).click();
  await page.getByRole("textbox", { name: "Message" }).fill(`Look: ${link}`);
  await page.keyboard.press("Enter");
  await page.getByRole("log", { name: "bob" }).getByRole("link", { name: link }).click();
  await expect(article).toBeInViewport();
  await openMessageMenu(article);
  await page.getByRole("menuitem", { name: "Delete for me" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(article).toHaveCount(0);
  await page.getByRole("link", { name: "bob" }).click();
  await page.getByRole("log", { name: "bob" }).getByRole("link", { name: link }).click();
  await expect(page.getByText(/The message of this link is not here/)).toBeVisible();
  await expectWhole(page, "a link to a message that is gone");
  await page.evaluate(() => void (location.hash = `#chat/${"ee".repeat(32)}/message/01`));
  await expect(page.getByText(/The message of this link is not on this device/)).toBeVisible();
  expect(problems).toEqual([]);
});
