/** Which browser and which system this page runs in, as people call them. Pure. */

export interface BrowserLabel {
  browser: string;
  system: string;
}

/** In this order: Edge, Opera and Samsung's browser also say "Chrome", and all but Firefox say "Safari". */
const browsers: readonly [name: string, sign: RegExp][] = [
  ["Edge", /\bEdg(?:e|A|iOS)?\//],
  ["Opera", /\b(?:OPR|OPiOS|OPT)\//],
  ["Samsung Internet", /\bSamsungBrowser\//],
  ["Firefox", /\b(?:Firefox|FxiOS)\//],
  ["Chrome", /(?:\b|Headless)(?:Chrome|CriOS|Chromium)\//],
  ["Safari", /\bVersion\/.*\bSafari\//],
];

/** In this order: Android says "Linux", too, and an iPhone "like Mac OS X". */
const systems: readonly [name: string, sign: RegExp][] = [
  ["iPhone", /\biPhone\b/],
  ["iPad", /\biPad\b/],
  ["Android", /\bAndroid\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["Windows", /\bWindows\b/],
  ["Mac", /\bMacintosh\b/],
  ["Linux", /\bLinux\b/],
];

/**
 * @param userAgent navigator.userAgent
 * @param touchPoints navigator.maxTouchPoints: an iPad calls itself a Mac, which has no touch screen
 * @returns undefined where one of both is not known
 */
export function browserLabel(userAgent: string, touchPoints: number): BrowserLabel | undefined {
  const [browser, system] = [browsers, systems].map((known) => known.find(([, sign]) => sign.test(userAgent))?.[0]);
  if (browser === undefined || system === undefined) return undefined;
  return { browser, system: system === "Mac" && touchPoints > 1 ? "iPad" : system };
}
