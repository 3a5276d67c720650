/** Draws every screen at three widths, in light and dark, and once from right to left; axe looks at each. */

import { fileURLToPath } from "node:url";
import { expectWhole, test } from "../browser/fixture.ts";
import { screens } from "./states.ts";

const pictures = fileURLToPath(new URL("../../../test-results/screens/", import.meta.url));
const heights = new Map([[360, 740], [768, 1024], [1440, 900]]);
const looks = [...heights.keys()].flatMap((width) =>
  (["light", "dark", "rtl"] as const).map((look) => ({ width, look }))
).filter(({ width, look }) => look !== "rtl" || width !== 768);
/** Part of a name of screens; the others are left out. */
const wanted = process.env.QPQ_SCREENS ?? "";

for (const { width, look } of looks) {
  for (const { name, go } of screens.filter(({ name }) => name.includes(wanted))) {
    test(`${name} at ${width} px, ${look}`, async ({ page, url }) => {
      await page.emulateMedia({ colorScheme: look === "dark" ? "dark" : "light", reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: heights.get(width)! });
      if (look === "rtl") {
        await page.addInitScript(() =>
          document.addEventListener("DOMContentLoaded", () => document.documentElement.dir = "rtl")
        );
      }
      await page.goto(url);
      await go(page);
      await page.evaluate(() => document.fonts.ready);
      // Else the caret is hidden by a style of the element, which is a fault in itself.
      await page.screenshot({ path: `${pictures}${name}-${width}-${look}.png`, caret: "initial" });
      await expectWhole(page, name);
    });
  }
}
