import assert from "node:assert/strict";
import { browserLabel } from "./browser_label.ts";

const webKit = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
const blink = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0";
const mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)";
const iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)";
const windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
const linux = "Mozilla/5.0 (X11; Linux x86_64)";
const android = "Mozilla/5.0 (Linux; Android 10; K)";

Deno.test("CONVERSATIONS: a browser is called as people call it, and so is the system that it runs on", () => {
  const cases: [userAgent: string, touchPoints: number, expected: string][] = [
    [`${android} ${blink} Mobile Safari/537.36`, 5, "Chrome Android"],
    [`${windows} ${blink} Safari/537.36`, 0, "Chrome Windows"],
    [`${linux} ${blink.replace("Chrome", "HeadlessChrome")} Safari/537.36`, 0, "Chrome Linux"],
    [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${blink} Safari/537.36`, 0, "Chrome ChromeOS"],
    [`${windows} ${blink} Safari/537.36 Edg/141.0.0.0`, 10, "Edge Windows"],
    [`${android} ${blink} Mobile Safari/537.36 EdgA/141.0.0.0`, 5, "Edge Android"],
    [`${iphone} ${webKit} Version/18.0 EdgiOS/141.0 Mobile/15E148 Safari/604.1`, 5, "Edge iPhone"],
    [`${iphone} ${webKit} Version/18.6 Mobile/15E148 Safari/604.1`, 5, "Safari iPhone"],
    [`${iphone} ${webKit} CriOS/141.0.0.0 Mobile/15E148 Safari/604.1`, 5, "Chrome iPhone"],
    [`${iphone} ${webKit} FxiOS/143.0 Mobile/15E148 Safari/605.1.15`, 5, "Firefox iPhone"],
    [`${mac} ${webKit} Version/18.6 Safari/605.1.15`, 0, "Safari Mac"],
    [`${mac} ${webKit} Version/18.6 Safari/605.1.15`, 5, "Safari iPad"],
    [`${linux.replace(")", "; rv:143.0)")} Gecko/20100101 Firefox/143.0`, 0, "Firefox Linux"],
    ["Mozilla/5.0 (Android 15; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0", 5, "Firefox Android"],
    [`${mac} ${blink} Safari/537.36 OPR/122.0.0.0`, 0, "Opera Mac"],
    [
      `${android} ${blink.replace("Chrome", "SamsungBrowser/28.0 Chrome")} Mobile Safari/537.36`,
      5,
      "Samsung Internet Android",
    ],
  ];
  for (const [userAgent, touchPoints, expected] of cases) {
    const { browser, system } = browserLabel(userAgent, touchPoints)!;
    assert.equal(`${browser} ${system}`, expected, userAgent);
  }
  assert.equal(browserLabel("qpq", 0), undefined);
  assert.equal(browserLabel(`Mozilla/5.0 (Unknown) ${blink}`, 0), undefined);
});
