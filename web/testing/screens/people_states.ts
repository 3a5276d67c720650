/** Screens of faces, invitations, requests, and of the list's own actions. */

import { password } from "../browser/fixture.ts";
import { button, details, enter, type Screen, settings } from "./steps.ts";

export const peopleScreens: readonly Screen[] = [
  {
    name: "01o-faces",
    async go(page) {
      await page.getByRole("textbox", { name: "Username" }).fill("faces");
      await page.getByRole("textbox", { name: "Password" }).fill(password);
      await button(page, "Sign in").click();
      await page.getByRole("link", { name: "Choir" }).click();
      await page.getByRole("article").getByText("Carol Imani").first().waitFor();
    },
  },
  {
    name: "01p-list-actions",
    async go(page) {
      await enter(page);
      await page.getByRole("navigation", { name: "Chats" }).getByRole("button", { name: "Chat actions" }).first()
        .focus();
      await page.keyboard.press("Enter");
      await page.getByRole("menu").waitFor();
    },
  },
  {
    name: "03a-new-group",
    async go(page) {
      await enter(page);
      await button(page, "New chat").click();
      const field = page.getByRole("textbox", { name: "Find people" });
      for (const name of ["alice", "bob"]) {
        await field.fill(name);
        await page.getByRole("option", { name }).click();
      }
      await page.getByRole("textbox", { name: "Group name" }).fill("Rowing");
    },
  },
  {
    name: "03b-invite",
    async go(page) {
      await enter(page);
      await button(page, "New chat").click();
      await page.getByRole("button", { name: "Invite by link or QR code" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Make a link" }).click();
      await page.getByRole("img", { name: "QR code of the invite link" }).waitFor();
    },
  },
  {
    name: "05d-profile",
    async go(page) {
      await settings(page);
      await button(page, "Edit profile").click();
      await page.getByRole("dialog").getByRole("textbox", { name: "Name" }).fill("Mara Olsen");
    },
  },
  {
    name: "05e-people",
    async go(page) {
      await settings(page);
      await page.getByRole("radio", { name: "People whom I invite" }).check();
    },
  },
  {
    name: "06d-report",
    async go(page) {
      await details(page, "alice");
      await button(page, "Report alice").click();
      await page.getByRole("dialog").getByRole("checkbox").first().check();
    },
  },
  {
    name: "06e-block",
    async go(page) {
      await details(page, "alice");
      await button(page, "Block alice").click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "06f-requests",
    async go(page) {
      await details(page, "Choir");
      await page.getByRole("button", { name: "Invite by link or QR code" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Make a link" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
      await button(page, "Let hanna-lu in").waitFor();
    },
  },
];
