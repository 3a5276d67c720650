import { expect, expectWhole, signIn, test } from "./fixture.ts";

test("a person is verified by numbers, and the mark shows until taken back", async ({ page, url, problems }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await signIn(page, url);
  await page.getByRole("link", { name: "alice" }).click();
  await expect(page.getByRole("img", { name: "Verified" })).toHaveCount(0);
  await page.getByRole("button", { name: "Chat details" }).click();
  await page.getByRole("button", { name: "Verify alice" }).click();
  const dialog = page.getByRole("dialog", { name: "Safety number with alice" });
  await expect(dialog.getByRole("img", { name: "Safety number as a QR code" })).toBeVisible();
  expect(
    (await dialog.getByRole("group", { name: "Safety number" }).locator("span").allInnerTexts()).map((group) =>
      group.length
    ),
  ).toEqual(Array(12).fill(5));
  await expect(dialog.getByRole("button", { name: "Close" }), "the focus stays in the dialog").toBeFocused();
  await dialog.getByRole("button", { name: "Mark as verified" }).click();
  await expect(dialog.getByRole("button", { name: "Close" }), "the focus stays in the dialog").toBeFocused();
  await expect(dialog).toContainText("You have verified alice");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Verify alice" }), "the focus is back").toBeFocused();
  await expect(page.getByRole("img", { name: "Verified" }), "in the header and in the details").toHaveCount(2);
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Remove the mark" }).click();
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(page.getByRole("img", { name: "Verified" })).toHaveCount(0);
  expect(problems).toEqual([]);
});

test("a changed key stops sending until it is accepted", async ({ page, url, problems }) => {
  await signIn(page, url);
  await expect(page.getByRole("link", { name: "emil" })).toContainText("key changed");
  await page.getByRole("link", { name: "emil" }).click();
  const banner = page.getByRole("alert");
  await expect(banner).toContainText("The key of emil has changed, so sending here has stopped");
  await expect(page.getByRole("textbox", { name: "Message" })).toHaveCount(0);
  await banner.getByRole("button", { name: "Compare numbers" }).click();
  const dialog = page.getByRole("dialog", { name: "Safety number with emil" });
  await expect(dialog).toContainText("These digits belong to the new key of emil");
  await expect(dialog.getByRole("button", { name: "Mark as verified" })).toHaveCount(0);
  const digits = dialog.getByRole("group", { name: "Safety number" });
  const seen = await digits.innerText();
  const accept = async () => {
    await dialog.getByRole("button", { name: "Accept the new key" }).click();
    await page.getByRole("dialog", { name: "Accept the new key of emil?" }).getByRole("button", {
      name: "Accept the new key",
    }).click();
  };
  await accept();
  await expect(dialog, "the key has changed once more meanwhile").toContainText(
    "The key is not the one whose number you saw",
  );
  await expect(digits).not.toHaveText(seen, { useInnerText: true });
  await expect(dialog.getByRole("button", { name: "Mark as verified" })).toHaveCount(0);
  await accept();
  await dialog.getByRole("button", { name: "Mark as verified" }).click();
  await expect(dialog).not.toContainText("The key is not the one whose number you saw");
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(banner).toContainText("This chat has the former key of emil, so nothing is sent here");
  await expect(page.getByRole("link", { name: "emil" })).toContainText("former key");
  await expect(page.getByRole("textbox", { name: "Message" })).toHaveCount(0);
  await expectWhole(page, "a conversation with a former key");
  await banner.getByRole("button", { name: "Start a new chat" }).click();
  await expect(banner).toHaveCount(0);
  await page.getByRole("textbox", { name: "Message" }).fill("So it is you");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(
    page.getByRole("article").filter({ hasText: "So it is you" }).getByRole("img", { name: /^(Sent|Delivered|Read)$/ }),
  )
    .toBeVisible();
  expect(problems).toEqual([]);
});

test("an admin changes roles, removes and renames, by keyboard", async ({ page, url, problems }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await signIn(page, url);
  await page.getByRole("link", { name: "Choir" }).click();
  await page.getByRole("button", { name: "Chat details" }).click();
  const log = page.getByRole("log");
  const row = page.getByRole("button", { name: /^bob/ });
  await row.focus();
  await page.keyboard.press("Enter");
  await expect(row).toHaveAttribute("aria-expanded", "true");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Make admin" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Cancel" })).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(log).toContainText("You made bob an admin");
  await page.getByRole("button", { name: "Make member" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Make member" }).click();
  await expect(log).toContainText("You made bob a member again");
  await page.getByRole("button", { name: "Remove bob" }).click();
  await page.getByRole("button", { name: "Remove from chat" }).click();
  await expect(row).toHaveCount(0);
  await page.getByRole("button", { name: "Rename" }).click();
  await expect(page.getByRole("textbox", { name: "Group name" })).toBeFocused();
  await page.keyboard.type("Choir on Fridays");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("log", { name: "Choir on Fridays" })).toContainText(
    "renamed the group to “Choir on Fridays”",
  );
  expect(problems).toEqual([]);
});

test("a member who is no admin sees no admin action", async ({ page, url, problems }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "Allotment" }).click();
  await page.getByRole("button", { name: "Accept" }).click();
  await expect(page.getByRole("button", { name: "Decline" })).toHaveCount(0);
  await page.getByRole("button", { name: "Chat details" }).click();
  await page.getByRole("button", { name: /^dora/ }).click();
  await expect(page.getByRole("button", { name: "Verify dora" })).toBeVisible();
  for (const name of ["Make admin", "Remove dora", "Rename"]) {
    await expect(page.getByRole("button", { name }), name).toHaveCount(0);
  }
  expect(problems).toEqual([]);
});

for (const width of [1200, 360]) {
  test(`PEOPLE A5: what a removed device does is marked, ${width} px`, async ({ page, url, problems }) => {
    await page.setViewportSize({ width, height: 900 });
    await signIn(page, url);
    await page.getByRole("link", { name: "Rooftop" }).click();
    await expect(page.getByRole("article")).toContainText("from a removed device");
    await expect(page.getByText("A device that had been removed from its account has added you")).toBeVisible();
    await expect(page.getByRole("textbox", { name: "Message" }), "an answer accepts nothing").toHaveCount(0);
    await expectWhole(page, `${width}`);
    await page.getByRole("button", { name: "Accept" }).click();
    await expect(page.getByRole("button", { name: "Decline" })).toHaveCount(0);
    expect(problems).toEqual([]);
  });
}

test("an invitation that is declined leaves the chat", async ({ page, url, problems }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "Allotment" }).click();
  await page.getByRole("button", { name: "Decline" }).click();
  const question = page.getByRole("dialog", { name: /^Decline “Allotment/ });
  await question.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("button", { name: "Accept" }), "nothing has happened").toBeVisible();
  await page.getByRole("button", { name: "Decline" }).click();
  await question.getByRole("button", { name: "Decline and leave" }).click();
  await expect(page.getByRole("link", { name: "Allotment" })).toContainText("Ended");
  expect(problems).toEqual([]);
});

test("a chat of two whose partner has left says so in place of the composer", async ({ page, url, problems }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "frida.k" }).click();
  await expect(page.getByRole("log", { name: "frida.k" })).toContainText("frida.k left");
  await expect(page.getByText("frida.k is not in this chat any more")).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Message" })).toHaveCount(0);
  expect(problems).toEqual([]);
});

test("a group of 1,000 lists by pages, finds by name, and stays still", async ({ page, url, problems }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await signIn(page, url);
  await page.getByRole("link", { name: "Village" }).click();
  await page.getByRole("button", { name: "Chat details" }).click();
  const rows = page.getByRole("region", { name: "1000 members" }).getByRole("listitem");
  await expect(rows.filter({ hasText: "mara" })).toBeVisible();
  expect(await rows.count()).toBeLessThan(200);
  await page.getByRole("button", { name: /^reader-001/ }).evaluate((element) =>
    (element as HTMLElement & { seen?: boolean }).seen = true
  );
  await page.getByRole("textbox", { name: "Message" }).fill("Does it still work?");
  // The sign is there for a moment only, so the page itself watches for it.
  const sign = page.evaluate(() =>
    new Promise<void>((resolve) => {
      const observer = new MutationObserver(() => {
        if (!document.body.textContent?.includes("alice is writing…")) return;
        observer.disconnect();
        resolve();
      });
      observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    })
  );
  await page.getByRole("button", { name: "Send" }).click();
  await sign;
  await expect(page.getByRole("article").filter({ hasText: "Yes, of course." })).toBeVisible();
  await expect(page.getByText("is writing…"), "the message ends it").toHaveCount(0);
  expect(
    await page.getByRole("button", { name: /^reader-001/ }).evaluate((element) =>
      (element as HTMLElement & { seen?: boolean }).seen
    ),
    "the row is the same element",
  ).toBe(true);
  const panel = page.locator(".side-pane .panel-body");
  const toEnd = () => panel.evaluate((element) => void (element.scrollTop = element.scrollHeight));
  await expect.poll(async () => {
    await toEnd();
    return await rows.count();
  }, { intervals: [50] }).toBe(1000);
  // The last page may have been added between the scroll and the count.
  await toEnd();
  await expect(rows.filter({ hasText: "reader-995" })).toBeInViewport();
  await page.getByRole("searchbox", { name: "Find in this group" }).fill("r-77");
  await expect(rows).toHaveCount(10);
  await page.getByRole("searchbox", { name: "Find in this group" }).fill("nobody");
  await expect(page.getByText("Nobody in this group is called “nobody”.")).toBeVisible();
  expect(problems).toEqual([]);
});

test("adding people shows its progress while the page stays free", async ({ page, url, problems }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await signIn(page, url);
  await page.getByRole("link", { name: "Choir" }).click();
  await page.getByRole("button", { name: "Chat details" }).click();
  await page.getByRole("button", { name: "Add people" }).click();
  const names = Array.from({ length: 200 }, (_, index) => `reader-${String(index + 1).padStart(3, "0")}`);
  await page.getByRole("textbox", { name: "Find people" }).evaluate((field, pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", pasted);
    field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, `${names.join(", ")}\nalice`);
  await expect(page.getByRole("list", { name: "In this chat" }).getByRole("listitem"), "who is in already is left out")
    .toHaveCount(200);
  await page.getByRole("button", { name: "Add", exact: true }).click();
  const bar = page.getByRole("progressbar", { name: "Adding people" }).first();
  await expect(bar).toHaveAttribute("aria-valuemax", "200");
  await page.getByRole("link", { name: "alice" }).click();
  await page.getByRole("textbox", { name: "Message" }).fill("meanwhile");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(
    page.getByRole("article").filter({ hasText: "meanwhile" }).getByRole("img", { name: /^(Sent|Delivered|Read)$/ }),
  )
    .toBeVisible();
  await expect(bar, "still going on, seen in the list").toBeVisible();
  await expect(bar).toHaveCount(0);
  await page.getByRole("link", { name: "Choir" }).click();
  await expect(page.getByText("205 members").first()).toBeVisible();
  expect(problems).toEqual([]);
});

test("a chat that can not follow its group says that help is on its way", async ({ page, url, problems }) => {
  await signIn(page, url);
  await expect(page.getByRole("link", { name: "Boat house" })).toContainText("Recovering");
  await page.getByRole("link", { name: "Boat house" }).click();
  await expect(page.getByText("has asked the others for help")).toBeVisible();
  await expect(page.getByText("You are no longer in this chat")).toHaveCount(0);
  expect(problems).toEqual([]);
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [360, 1440]) {
    test(`group screens and safety numbers at ${width} px, ${colorScheme}`, async ({ page, url, problems }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 740 });
      const back = async () => width < 720 && await page.getByRole("button", { name: "Back to chats" }).click();
      await signIn(page, url);
      await page.getByRole("link", { name: "emil" }).click();
      await expect(page.getByRole("alert")).toBeVisible();
      await expectWhole(page, "a changed key");
      await page.getByRole("button", { name: "Compare numbers" }).click();
      await expect(page.getByRole("group", { name: "Safety number" })).toBeVisible();
      await expectWhole(page, "numbers of a changed key");
      await page.keyboard.press("Escape");
      await back();
      await page.getByRole("link", { name: "Village" }).click();
      await expect(page.getByRole("article").first()).toBeVisible();
      await expectWhole(page, "every kind of notice");
      await page.getByRole("button", { name: "Chat details" }).click();
      await page.getByRole("button", { name: /^carol/ }).click();
      await expectWhole(page, "details of a large group");
      await page.getByRole("button", { name: "Rename" }).click();
      await expectWhole(page, "another name");
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByRole("button", { name: "Verify carol" }).click();
      await expect(page.getByText("You have verified carol")).toBeVisible();
      await expectWhole(page, "a verified number");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Close details" }).click();
      await back();
      await page.getByRole("link", { name: "Boat house" }).click();
      await expect(page.getByText("has asked the others for help")).toBeVisible();
      await expectWhole(page, "recovering");
      expect(problems).toEqual([]);
    });
  }
}
