/** How one gets to the places from which the screens are reached. */

import type { Page } from "@playwright/test";
import { password } from "../browser/fixture.ts";

export interface Screen {
  /** Also the name of its pictures. */
  name: string;
  /** @param page at the first screen */
  go: (page: Page) => Promise<void>;
}

export const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

export async function enter(page: Page): Promise<void> {
  await page.getByRole("textbox", { name: "Username" }).fill("mara");
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await button(page, "Sign in").click();
  await page.getByRole("link", { name: "alice" }).waitFor();
}

export async function open(page: Page, title: string): Promise<void> {
  await enter(page);
  await page.getByRole("link", { name: title }).click();
  await page.getByRole("log").waitFor();
}

export async function details(page: Page, title: string): Promise<void> {
  await open(page, title);
  await button(page, "Chat details").click();
  await page.getByRole("region", { name: "Details" }).waitFor();
}

export async function settings(page: Page): Promise<void> {
  await enter(page);
  await button(page, "Settings").click();
  await page.getByRole("button", { name: "Remove device" }).first().waitFor();
}

export async function create(page: Page, username: string): Promise<void> {
  await page.getByRole("textbox", { name: "Username" }).fill(username);
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await button(page, "Create account").click();
  await page.getByRole("dialog").waitFor();
}
