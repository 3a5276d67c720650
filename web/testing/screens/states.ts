/** Every screen and state of the interface: how one gets there. A new screen needs one entry here or beside. */

import { peopleScreens } from "./people_states.ts";
import { sendingScreens } from "./sending_states.ts";
import { button, create, details, enter, open, type Screen, settings } from "./steps.ts";
import { openMessageMenu } from "../message_menu.ts";

export const screens: readonly Screen[] = [
  { name: "01-chat", go: (page) => open(page, "Choir") },
  { name: "01b-chat-of-two", go: (page) => open(page, "alice") },
  { name: "01c-list", go: enter },
  {
    name: "08-search",
    async go(page) {
      await enter(page);
      await page.getByRole("searchbox", { name: "Search" }).fill("log");
      await page.getByRole("region", { name: "Search results" }).getByRole("link").first().waitFor();
    },
  },
  {
    name: "08b-palette",
    async go(page) {
      await open(page, "Choir");
      await page.keyboard.press("ControlOrMeta+k");
      await page.getByRole("combobox").fill("mu");
      await page.getByRole("option").first().waitFor();
    },
  },
  {
    name: "08d-shortcuts",
    async go(page) {
      await enter(page);
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    },
  },
  {
    name: "08c-search-in-chat",
    async go(page) {
      await open(page, "bob");
      await button(page, "Search in this chat").click();
      await page.getByRole("searchbox", { name: "Search in this chat" }).fill("entry 12");
      await page.getByText(/^1 of /).waitFor();
    },
  },
  {
    name: "01d-failed",
    async go(page) {
      await open(page, "Choir");
      await page.getByRole("textbox", { name: "Message" }).fill("fail");
      await button(page, "Send").click();
      await page.getByRole("img", { name: "Failed" }).waitFor();
    },
  },
  { name: "01e-invitation", go: (page) => open(page, "Allotment") },
  { name: "01f-key-changed", go: (page) => open(page, "emil") },
  { name: "01g-ended", go: (page) => open(page, "dora") },
  { name: "01h-poll", go: (page) => open(page, "Village newsletter") },
  {
    name: "01i-formatting",
    async go(page) {
      await open(page, "Choir");
      await page.getByRole("textbox", { name: "Message" }).fill([
        "**Order** of _Thursday_, @bob:",
        "> as carol said",
        "1. warm up",
        "  - hum",
        "2. ~~new~~ old piece",
        "```ts",
        "let tempo = 92;",
        "```",
      ].join("\n"));
      await button(page, "Send").click();
      await page.getByRole("textbox", { name: "Message" }).fill("🎶");
      await button(page, "Send").click();
      await page.locator(".message-emoji").waitFor();
    },
  },
  {
    name: "01k-files",
    async go(page) {
      await open(page, "Lake weekend");
      await page.locator(".tile-picture").nth(4).waitFor();
    },
  },
  {
    name: "01l-viewer",
    async go(page) {
      await open(page, "Lake weekend");
      await button(page, "Open jetty.jpg").click();
      await page.getByRole("dialog").getByRole("img", { name: "jetty.jpg" }).waitFor();
    },
  },
  {
    name: "01m-media",
    async go(page) {
      await details(page, "Lake weekend");
      await button(page, "Media and files").click();
      await button(page, "Show panorama.jpg, 8 MB").waitFor();
    },
  },
  {
    name: "01n-files-of-a-chat",
    async go(page) {
      await details(page, "Lake weekend");
      await button(page, "Media and files").click();
      await button(page, "Files").click();
      await button(page, "Download page.html").waitFor();
    },
  },
  {
    name: "02-menu",
    async go(page) {
      await open(page, "Choir");
      await openMessageMenu(page.getByRole("article").last());
      await page.getByRole("menu").waitFor();
    },
  },
  {
    name: "02b-reply",
    async go(page) {
      await open(page, "Choir");
      await openMessageMenu(page.getByRole("article").last());
      await page.getByRole("menuitem", { name: "Reply" }).click();
      await page.getByRole("textbox", { name: "Message" }).pressSequentially("@");
      await page.getByRole("listbox", { name: "People in this chat" }).waitFor();
    },
  },
  {
    name: "02c-emoji",
    async go(page) {
      await open(page, "Choir");
      await button(page, "Emoji").click();
      await page.getByRole("button", { name: "grinning face", exact: true }).waitFor();
    },
  },
  {
    name: "02d-new-poll",
    async go(page) {
      await open(page, "Choir");
      await button(page, "Attach").click();
      await page.getByRole("menuitem", { name: "Poll" }).click();
      await page.getByRole("textbox", { name: "Question" }).fill("When do we sing?");
      await page.getByRole("textbox", { name: "Answer 1" }).fill("Thursday");
    },
  },
  {
    name: "02e-forward",
    async go(page) {
      await open(page, "Choir");
      await openMessageMenu(page.getByRole("article").last());
      await page.getByRole("menuitem", { name: "Forward" }).click();
      await page.getByRole("checkbox", { name: "georg" }).check();
    },
  },
  {
    name: "03-new-chat",
    async go(page) {
      await enter(page);
      await button(page, "New chat").click();
      const field = page.getByRole("textbox", { name: "Find people" });
      await field.fill("ali");
      await page.getByRole("option", { name: "alice" }).click();
      await field.fill("bo");
      await page.getByRole("option", { name: "bob" }).click();
      await field.fill("c");
      await page.getByRole("option").first().waitFor();
    },
  },
  { name: "04-create", go: (page) => page.getByRole("textbox", { name: "Username" }).waitFor() },
  {
    name: "04a-create-weak",
    async go(page) {
      await page.getByRole("textbox", { name: "Username" }).fill("mara");
      await page.getByRole("textbox", { name: "Password" }).fill("password1234");
      await page.getByRole("meter").waitFor();
      await button(page, "Suggest a passphrase").click();
      await page.getByRole("group", { name: "Suggested passphrase" }).waitFor();
    },
  },
  { name: "04b-sign-in", go: (page) => button(page, "Sign in").click() },
  {
    name: "04c-wrong-password",
    async go(page) {
      await button(page, "Sign in").click();
      await button(page, "Sign in").click();
      await page.getByRole("alert").waitFor();
    },
  },
  { name: "04d-recover", go: (page) => button(page, "Forgot your password?").click() },
  { name: "04e-recovery-code", go: (page) => create(page, "mara") },
  {
    name: "04f-recovery-check",
    async go(page) {
      await create(page, "mara");
      await button(page, "Check what I noted").click();
      await page.getByLabel("Group 3").fill("0KX9");
      await page.getByLabel("Group 6").fill("0000");
    },
  },
  {
    name: "04g-first-run",
    async go(page) {
      await create(page, "nobodyyet");
      await button(page, "Continue").click();
      await page.getByText("No chats yet").waitFor();
    },
  },
  { name: "05-settings", go: settings },
  {
    name: "05a-settings-end",
    async go(page) {
      await settings(page);
      await button(page, "Sign out").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "05b-password",
    async go(page) {
      await settings(page);
      await button(page, "Change password").click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "05c-protection",
    async go(page) {
      await settings(page);
      await button(page, "How is this protected?").click();
      await page.getByRole("dialog").waitFor();
    },
  },
  { name: "06-details", go: (page) => details(page, "Choir") },
  { name: "06a-details-of-two", go: (page) => details(page, "alice") },
  {
    name: "06b-safety",
    async go(page) {
      await details(page, "alice");
      await button(page, "Verify alice").click();
      await page.getByRole("img", { name: "Safety number as a QR code" }).waitFor();
    },
  },
  {
    name: "06c-add-people",
    async go(page) {
      await details(page, "Choir");
      await button(page, "Add people").click();
    },
  },
  {
    name: "09b-dialog",
    async go(page) {
      await details(page, "Choir");
      await button(page, "Leave chat").click();
    },
  },
  {
    name: "09c-elsewhere",
    async go(page) {
      await open(page, "alice");
      await page.getByRole("textbox", { name: "Message" }).fill("elsewhere");
      await button(page, "Send").click();
      await page.getByRole("alert").waitFor();
    },
  },
  ...sendingScreens,
  ...peopleScreens,
];
