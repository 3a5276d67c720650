import { expect, expectWhole, signIn, test } from "./fixture.ts";

/** The folder for screenshots, from SHOTS. */
const shots = process.env.SHOTS;

for (const scheme of ["light", "dark"] as const) {
  for (const width of [1200, 360]) {
    test(`every kind of message is shown, ${scheme}, ${width} px`, async ({ page, url, problems: _ }) => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 900 });
      await signIn(page, url);
      await page.getByRole("link", { name: "Choir" }).click();
      const message = (words: string) => page.getByRole("article").filter({ hasText: words });
      const reply = message("Of course, she gets one.");
      await expect(reply.getByRole("blockquote")).toContainText("Ben, may I have a copy for Dora as well?");
      const edited = message("Ben, may I have a copy for Dora as well?").filter({ hasText: "Edited" });
      await expect(edited.getByRole("button", { name: "👍 2", exact: true })).toHaveAttribute(
        "title",
        "👍 from bob, carol",
      );
      await expect(edited.getByRole("button", { name: "🎉 1", exact: true })).toHaveAttribute("title", "🎉 from dora");
      await expect(message("Too late, I read it!").getByRole("blockquote")).toContainText("This message was deleted");
      await expect(message("Which one was it?").getByRole("blockquote")).toHaveText("An earlier message");
      const alike = message("Which one was it?").getByRole("button", { name: "👍 3 1", exact: true });
      await expect(alike.locator("bdi")).toHaveText("👍 3");
      await expect(alike.locator(".reaction-count")).toHaveText("1");
      await expect(message("A message in which nothing can be seen"), "PEOPLE B8").toBeVisible();
      await expect(message("This version can not show this message [audio/midi]")).toBeVisible();
      await expectWhole(page, `${scheme} ${width}`);
      if (shots) await page.screenshot({ path: `${shots}/kinds-${scheme}-${width}.png` });
      await page.goto(`${url}#/`);
      await page.getByRole("link", { name: "Village newsletter" }).click();
      const poll = message("Which cover for the summer issue?");
      await expect(poll.getByRole("button", { name: /The lake.*2 votes/ })).toBeVisible();
      await expect(poll).toContainText("Choose one or more");
      await expectWhole(page, `poll ${scheme} ${width}`);
      if (shots) await page.screenshot({ path: `${shots}/poll-${scheme}-${width}.png` });
    });
  }
}
