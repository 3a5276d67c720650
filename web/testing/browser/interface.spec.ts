import { expect, expectWhole, served, signIn, test } from "./fixture.ts";
import { faultsOf } from "./page_checks.ts";

test("an account, a group and a message by keyboard alone", async ({ page, url, problems }) => {
  await page.goto(url);
  await expect(page.getByRole("textbox", { name: "Username" })).toBeFocused();
  await page.keyboard.type("mara");
  await page.keyboard.press("Tab");
  await page.keyboard.type("correct horse battery");
  await expect(page.getByRole("meter"), "the help with a new password is there").toBeVisible();
  for (let presses = 0; presses < 3; presses++) await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Create account" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("group", { name: "Recovery code" })).toBeFocused();
  for (const key of ["Escape", "Enter"]) {
    await page.keyboard.press(key);
    await expect(page.getByRole("button", { name: "Continue" }), "the code is not dismissed by accident").toBeVisible();
  }
  for (let presses = 0; presses < 4; presses++) await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Continue" })).toBeFocused();
  await page.keyboard.press("Enter");

  await page.keyboard.press("Tab");
  await page.getByRole("button", { name: "New chat" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("textbox", { name: "Find people" })).toBeFocused();
  await page.keyboard.type("emil");
  await expect(page.getByRole("option", { name: "emil" })).toBeVisible();
  await page.keyboard.press("Enter");
  await page.keyboard.type("c");
  await expect(page.getByRole("option", { name: "carol" })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Start chat" }), "a group needs a name").toBeDisabled();
  await page.keyboard.press("Tab");
  await page.keyboard.type("Boat");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("log", { name: "Boat" })).toBeVisible();

  await expect(page.getByRole("textbox", { name: "Message" })).toBeFocused();
  await page.keyboard.type("one");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("two");
  await page.keyboard.press("Enter");
  const message = page.getByRole("log").getByRole("article").filter({ hasText: "one" });
  await expect(message).toContainText("one\ntwo");
  await expect(message.getByRole("img", { name: /^(Sent|Delivered|Read)$/ })).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Message" })).toBeFocused();
  await expect(page.getByRole("textbox", { name: "Message" })).toHaveValue("");
  expect(problems).toEqual([]);
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [360, 1440]) {
    test(`every screen is whole at ${width} px, ${colorScheme}`, async ({ page, url, problems }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 740 });
      const check = async (screen: string) => expect(await faultsOf(page), screen).toEqual([]);
      const back = async () => width < 720 && await page.getByRole("button", { name: "Back to chats" }).click();
      await page.goto(url);
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await check("sign-in");
      await signIn(page, url);
      await check("chats");
      await expect(page.getByRole("status")).toHaveText("Connected");
      await expect(page.getByRole("status")).toHaveAttribute("title", "WebTransport");
      for (const title of ["alice", "Choir", "Allotment", "dora"]) {
        await page.getByRole("link", { name: title }).click();
        await expect(page.getByRole("log")).toBeVisible();
        await expect(page.getByRole("status").first()).toHaveText("Connected");
        await check(title);
        await back();
      }
      await page.getByRole("link", { name: "Choir" }).click();
      await page.getByRole("textbox", { name: "Message" }).fill("fail");
      await page.getByRole("button", { name: "Send" }).click();
      await expect(page.getByRole("article").getByRole("img", { name: "Failed" })).toBeInViewport();
      await check("a failed message");
      await page.getByRole("button", { name: "Chat details" }).click();
      await page.getByRole("button", { name: "Add people" }).click();
      await check("details");
      await page.getByRole("button", { name: "Leave chat" }).click();
      await check("a question");
      await page.getByRole("button", { name: "Cancel" }).last().click();
      await page.getByRole("button", { name: "Close details" }).click();
      await back();
      await page.getByRole("button", { name: "New chat" }).click();
      await check("new chat");
      expect(problems).toEqual([]);
    });
  }
}

test("a conversation of 5,000 messages draws a part and keeps its place", async ({ page, url, problems }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "bob" }).click();
  const log = page.getByRole("log", { name: "bob" });
  await expect(log.getByText("Entry 5000 of the log.")).toBeInViewport();
  for (let pages = 0; pages < 25; pages++) {
    const before = await log.evaluate(async (element) => {
      element.scrollTop = 300;
      // The rows of that place are drawn in the next frame, and measured in the one after it.
      for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
      const line = [...element.querySelectorAll("article")].find((article) =>
        article.getBoundingClientRect().top > 100
      )!;
      return {
        text: line.querySelector(".message-text")!.textContent!,
        top: line.getBoundingClientRect().top,
        count: element.querySelectorAll("article").length,
      };
    });
    const line = log.getByRole("article").filter({ hasText: before.text }).first();
    await expect.poll(() => log.evaluate((element) => element.scrollTop)).toBeGreaterThan(400);
    expect(Math.abs((await line.boundingBox())!.y - before.top), before.text).toBeLessThan(2);
  }
  expect(await log.getByRole("article").count()).toBeLessThanOrEqual(80);
  await page.getByRole("button", { name: "Go to the newest" }).click();
  await expect(log.getByText("Entry 5000 of the log.")).toBeInViewport();
  expect(problems).toEqual([]);
});

test("a page that is loaded above keeps the place at equal heights", async ({ page, url, problems }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "georg" }).click();
  const log = page.getByRole("log", { name: "georg" });
  await expect(log.getByText("Line 1500", { exact: true })).toBeInViewport();
  // From the twenty-fifth page on, 1,500 items are held, and each new page drops one at the other end.
  for (let pages = 0; pages < 24; pages++) {
    const before = await log.evaluate(async (element) => {
      element.scrollTop = 0;
      // The rows of that place are drawn in the next frame, and measured in the one after it.
      for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
      const line = [...element.querySelectorAll("article")].find((article) =>
        article.getBoundingClientRect().top > 200
      )!;
      return { text: line.querySelector(".message-text")!.textContent!, top: line.getBoundingClientRect().top };
    });
    const line = log.getByText(before.text, { exact: true });
    await expect.poll(() => log.evaluate((element) => element.scrollTop), { message: `page ${pages}` }).toBeGreaterThan(
      400,
    );
    expect(Math.abs((await line.boundingBox())!.y - before.top), before.text).toBeLessThan(20);
  }
  expect(problems).toEqual([]);
});

test("a conversation read again keeps its place, without what was never stored", async ({ page, url, problems }) => {
  await signIn(page, url);
  // The first tab has the engine, and can tell the second one anything.
  const second = await page.context().newPage();
  await second.goto(url);
  await second.getByRole("link", { name: "georg" }).click();
  const log = second.getByRole("log", { name: "georg" });
  await expect(log.getByText("Line 1500", { exact: true })).toBeInViewport();
  const chatId = new URL(second.url()).hash.split("/").at(-1)!;
  const tell = (event: object) =>
    page.evaluate((event) => {
      const channel = new BroadcastChannel("qpq-engine/1");
      channel.postMessage({ kind: "event", event });
      channel.close();
    }, event);
  const message = { kind: "message", sender: "georg", own: false, atMs: Date.now(), state: "received" };
  const items = [{ ...message, messageId: "ff".repeat(16), order: "99999999", text: "Never stored" }];
  await tell({ kind: "timeline", chatId, items });
  await expect(log.getByText("Never stored", { exact: true })).toBeInViewport();
  for (let page = 0; page < 2; page++) {
    await log.evaluate((element) => element.scrollTop = 0);
    await expect.poll(() => log.evaluate((element) => element.scrollTop)).toBeGreaterThan(400);
  }
  const height = () => log.evaluate((element) => element.scrollHeight);
  const topOfFirst = () =>
    log.evaluate((element) =>
      [...element.querySelectorAll("article")].map((line) =>
        [line.innerText, line.getBoundingClientRect().top] as const
      )
        .find(([, top]) => top > 200)
    );
  const [before, heightBefore] = [await topOfFirst(), await height()];
  await tell({ kind: "reread", chatId });
  await expect.poll(height).toBeLessThan(heightBefore);
  expect(await topOfFirst()).toEqual(before);
  await second.getByRole("button", { name: "Go to the newest" }).click();
  await expect(log.getByText("Line 1500", { exact: true })).toBeInViewport();
  await expect(log.getByText("Never stored", { exact: true })).toHaveCount(0);
  expect(problems).toEqual([]);
});

test("a draft waits for the next visit, and back leads where one came from", async ({ page, url, problems }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await signIn(page, url);
  await page.getByRole("link", { name: "alice" }).click();
  await page.getByRole("textbox", { name: "Message" }).fill("half writ");
  await page.goBack();
  await page.getByRole("link", { name: "Choir" }).click();
  await expect(page.getByRole("textbox", { name: "Message" })).toHaveValue("");
  await page.goBack();
  await page.getByRole("link", { name: "alice" }).click();
  await expect(page.getByRole("textbox", { name: "Message" })).toHaveValue("half writ");
  expect(problems).toEqual([]);
});

test("a second tab is a full view of the first one's engine", async ({ page, context, url, problems }) => {
  await signIn(page, url);
  const second = await context.newPage();
  await second.goto(url);
  await second.getByRole("link", { name: "alice" }).click();
  await second.getByRole("textbox", { name: "Message" }).fill("from the second tab");
  await second.getByRole("button", { name: "Send" }).click();
  await expect(
    second.getByRole("article").filter({ hasText: "from the second tab" }).getByRole("img", {
      name: /^(Sent|Delivered|Read)$/,
    }),
  ).toBeVisible();
  await page.getByRole("link", { name: "alice" }).click();
  await expect(page.getByRole("article").filter({ hasText: "from the second tab" })).toHaveCount(1);
  // The engine in memory loses its state with its tab. The engine's role must still pass to the other tab,
  // and the view follow.
  await page.close();
  await expect(second.getByRole("textbox", { name: "Username" })).toBeVisible();
  expect(problems).toEqual([]);
});

test("the app opens offline, and a new version asks first", async ({ page, context, url, problems }) => {
  await page.goto(url);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await context.setOffline(true);
  await page.reload();
  await expect(page.getByRole("textbox", { name: "Username" })).toBeVisible();
  await context.setOffline(false);
  served.version = "// the next version";
  await page.evaluate(async () => void (await (await navigator.serviceWorker.getRegistration())!.update()));
  await expect(page.getByText("A new version is ready.")).toBeVisible();
  const reloaded = page.waitForEvent("load");
  await page.getByRole("button", { name: "Reload" }).click();
  await reloaded;
  await expect(page.getByText("A new version is ready.")).toHaveCount(0);
  expect(problems.filter((text) => !text.includes("ERR_INTERNET_DISCONNECTED"))).toEqual([]);
});

test("the default policy refuses HTML and foreign scripts", async ({ page, url, problems }) => {
  await page.goto(url);
  const refused = await page.evaluate(() =>
    [
      () => (document.createElement("div").innerHTML = "<b>hello</b>"),
      () => new Worker("https://example.org/worker.js"),
      () => (document.createElement("script").text = "1"),
    ].map((attempt) => {
      try {
        attempt();
        return false;
      } catch (error) {
        return error instanceof TypeError;
      }
    })
  );
  expect(refused).toEqual([true, true, true]);
  problems.length = 0;
});

test("Escape leaves settings and a new chat from any focus", async ({ page, url, problems }) => {
  await signIn(page, url);
  await page.getByRole("button", { name: "Settings" }).click();
  await expect(page.getByRole("region", { name: "Settings" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("region", { name: "Settings" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Settings" })).toBeFocused();
  await page.getByRole("button", { name: "New chat" }).click();
  await page.getByRole("textbox", { name: "Find people" }).fill("Mara");
  await expect(page.getByText("That is you.")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("textbox", { name: "Find people" })).toHaveCount(0);
  expect(problems).toEqual([]);
});

test("the page is German where the address asks for it", async ({ page, url, problems }) => {
  await page.goto(`${url}/?lang=de`);
  await expect(page.getByRole("button", { name: "Konto anlegen" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  expect(problems).toEqual([]);
});

test("PEOPLE B3: a profile in use elsewhere says so until it is taken back", async ({ page, url, problems }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await signIn(page, url);
  await page.getByRole("link", { name: "alice" }).click();
  await page.getByRole("textbox", { name: "Message" }).fill("elsewhere");
  await page.getByRole("button", { name: "Send" }).click();
  const note = page.getByRole("alert").filter({ hasText: "A copy of this device’s data" });
  await expect(note).toBeVisible();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expectWhole(page, `in use elsewhere, ${colorScheme}`);
  }
  await page.getByRole("button", { name: "Back to chats" }).click();
  await page.getByRole("button", { name: "Use it here" }).click();
  await expect(note).toBeHidden();
  await expect(page.getByRole("status").first()).toHaveAttribute("title", /WebTransport/);
  expect(problems).toEqual([]);
});
