// A real browser against a running gateway: node browser_echo.mjs chromium|firefox PAGE_URL
// CONNECT_TIMEOUT_MS. Prints one JSON line with what it saw.
import { execFileSync } from "node:child_process";
import { fullChromium } from "../../scripts/test/chromium.mjs";

const [browserName, pageUrl, connectTimeoutMs] = process.argv.slice(2);

/** Runs inside the page. */
async function check(connectTimeoutMs) {
  const wellKnown = await (await fetch("/.well-known/quicproquo.json")).json();
  const options = {
    serverCertificateHashes: wellKnown.webtransport.certificateHashes.map(({ algorithm, value }) => ({
      algorithm,
      value: Uint8Array.from(atob(value), (character) => character.charCodeAt(0)),
    })),
  };
  const { url } = wellKnown.webtransport;
  const startedAt = performance.now();
  const transport = new WebTransport(url, options);
  await transport.ready;
  const connectMs = Math.round(performance.now() - startedAt);

  const megabyte = new Uint8Array(1_000_000).map((_, index) => (index * 31 + (index >> 8)) & 0xff);
  async function echoOnce(bytes) {
    const stream = await transport.createBidirectionalStream();
    const writer = stream.writable.getWriter();
    writer.write(bytes).catch(() => {});
    writer.close().catch(() => {});
    const reader = stream.readable.getReader();
    let length = 0;
    let isSame = true;
    while (true) {
      const { value, done } = await reader.read();
      if (done) break;
      isSame &&= value.every((byte, index) => byte === bytes[length + index]);
      length += value.length;
    }
    return isSame && length === bytes.length;
  }
  const small = [];
  for (let index = 0; index < 50; index++) {
    const at = performance.now();
    await echoOnce(new Uint8Array(200).fill(index));
    small.push(performance.now() - at);
  }
  small.sort((a, b) => a - b);
  const bulkAt = performance.now();
  const echoes = await Promise.all(Array.from({ length: 20 }, () => echoOnce(megabyte)));
  const bulkMs = Math.round(performance.now() - bulkAt);

  const answer = await fetch("/rpc", { method: "POST", body: megabyte });
  const rpcSame = new Uint8Array(await answer.arrayBuffer()).every((byte, index) => byte === megabyte[index]);

  const rejection = async (attempt) => {
    attempt.closed.catch(() => {});
    return await attempt.ready.then(() => "", (error) => error.name);
  };
  const wrongPath = await rejection(new WebTransport(url.replace(/\/wt$/, "/elsewhere"), options));
  await new Promise((resolve) =>
    setTimeout(resolve, Math.max(0, startedAt + 1.5 * connectTimeoutMs - performance.now()))
  );
  const lateEcho = await echoOnce(new Uint8Array(100));
  globalThis.sessionEnd = transport.closed.then(
    ({ closeCode, reason }) => ({ closeCode, reason }),
    (error) => ({ error: String(error) }),
  );
  return {
    url,
    connectMs,
    p50Ms: Math.round(small[25] * 100) / 100,
    bulkMs,
    echoes: echoes.filter(Boolean).length,
    rpcStatus: answer.status,
    rpcSame,
    wrongPath,
    lateEcho,
  };
}

async function launch() {
  if (browserName === "chromium") {
    const { chromium } = await import("playwright-core");
    const browser = await chromium.launch(fullChromium);
    return browser;
  }
  const puppeteer = (await import("puppeteer-core")).default;
  const executablePath = execFileSync("sh", ["-c", "command -v firefox-esr"]).toString().trim();
  return await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
}

const browser = await launch();
try {
  const page = await browser.newPage();
  await page.goto(pageUrl);
  const seen = await page.evaluate(check, Number(connectTimeoutMs));
  // The test closes the gateway when it reads this line.
  console.log(JSON.stringify(seen));
  console.log(JSON.stringify(await page.evaluate(() => globalThis.sessionEnd)));
} finally {
  await browser.close();
}
