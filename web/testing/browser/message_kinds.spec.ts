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
      const edited = message("Ben, may I have a copy for Dora as well?").filter({ hasText: "edited" });
      await expect(edited.getByRole("listitem")).toHaveText(["👍2👍 from bob, carol", "🎉🎉 from dora"]);
      await expect(edited.locator(".reaction-count")).toHaveText(["2"]);
      await expect(message("Too late, I read it!").getByRole("blockquote")).toContainText("Message deleted");
      await expect(message("Which one was it?").getByRole("blockquote")).toHaveText("An earlier message");
      const alike = message("Which one was it?").getByRole("listitem");
      await expect(alike).toHaveText("👍 3👍 3 from carol");
      await expect(alike.locator("bdi")).toHaveText("👍 3");
      await expect(alike.locator(".reaction-count")).toHaveCount(0);
      await expect(message("A message in which nothing can be seen"), "PEOPLE B8").toBeVisible();
      await expect(message("This version can not show this message [audio/midi]")).toBeVisible();
      await expectWhole(page, `${scheme} ${width}`);
      if (shots) await page.screenshot({ path: `${shots}/kinds-${scheme}-${width}.png` });
    });
  }
}
