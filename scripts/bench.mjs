/**
 * `npm run bench`: measures on this machine and writes docs/benchmarks.md, each figure beside the limit that
 * it is up against. `npm run bench -- --quick` takes few samples and small groups and prints the page
 * instead, to try a change of the benchmark itself. `npm run bench -- --floods` (or `--files`, `--histories`,
 * `--outage`, `--search`) measures one part alone and replaces it in the page.
 */

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { buildIfStale } from "./build.mjs";
import { proseFormat } from "./check.mjs";
import { findProgram, installDebianPackages, installPackages } from "./install.mjs";
import { deno, root } from "./paths.mjs";

const quick = process.argv.includes("--quick");
const place = `${root}/docs/benchmarks.md`;
installPackages();
const { floodsSection, measureFloods } = await import("../bench/floods/report.mjs");

function write(page) {
  writeFileSync(place, page);
  execFileSync(deno, ["fmt", ...proseFormat, "docs/benchmarks.md"], { cwd: root, stdio: "inherit" });
  console.log("docs/benchmarks.md is written");
}

/** Puts a part into the page, in the place of the one with its heading. */
function replacePart(part) {
  const [heading] = part.split("\n", 1);
  const [before, after] = readFileSync(place, "utf8").split(new RegExp(`^${heading}\\n[^]*?(?=^## )`, "m"));
  if (after === undefined) throw new Error(`docs/benchmarks.md has no part "${heading}"`);
  write(`${before}${part}\n${after}`);
}

if (process.argv.includes("--floods")) {
  replacePart(floodsSection(measureFloods()));
  process.exit();
}

if (!findProgram("chromium")) installDebianPackages({ chromium: "chromium" });
buildIfStale();
const { measureBrowser } = await import("../bench/browser.mjs");
const { mlsSection } = await import("../bench/mls_report.mjs");
const { filesPart, historiesPart, outagePart, searchPart } = await import("../bench/page_report.mjs");
const { rounded } = await import("../bench/statistics.mjs");

const parts = { "--files": filesPart, "--histories": historiesPart, "--outage": outagePart, "--search": searchPart };
for (const [name, part] of Object.entries(parts)) {
  if (!process.argv.includes(name)) continue;
  const text = await part(quick);
  if (quick) console.log(text);
  else replacePart(text);
  process.exit();
}

/** @returns what a program of bench/ printed */
function measured(program) {
  const args = ["run", "--quiet", "-A", "--unstable-net", "--no-check", `${root}/bench/${program}`];
  return JSON.parse(execFileSync(deno, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }));
}

console.error("Measuring the core …");
const core = measured("core.ts");
console.error("Measuring attachments …");
const files = measured("attachments.ts");
console.error("Measuring the gateway …");
const gateway = measured("gateway.ts");
const flood = measured("flood.ts");
const floods = floodsSection(quick ? measureFloods(["calls"]) : measureFloods());
console.error("Measuring new devices …");
const newDevice = measured("new_device.ts");
console.error("Measuring MLS …");
const mls = await mlsSection(quick ? [2, 10, 200] : undefined);
console.error("Measuring the search …");
const search = await searchPart(quick);
console.error("Measuring an outage …");
const outage = await outagePart(quick);
console.error("Measuring large histories …");
const histories = await historiesPart(quick);
console.error("Measuring files in pages …");
const pageFiles = await filesPart(quick);
console.error("Measuring in Chromium …");
const browser = await measureBrowser(quick ? { messages: 20 } : {});

const ms = (value) => `${rounded(value)} ms`;
const both = ({ p50, p99 }) => `${ms(p50)} / ${ms(p99)}`;
const kB = (bytes) => `${rounded(bytes / 1000)} kB`;
const rates = (list, limit) =>
  list.map(({ callers, perSecond, p50, p99 }, index) =>
    `| ${callers} | ${rounded(perSecond)}/s | ${ms(p50)} / ${ms(p99)} | ${limit(index)} |`
  ).join("\n");
const bareAt = (index) => `bare QUIC stream: ${rounded(core.bareRoundTrip[index === 0 ? 0 : 1].perSecond)}/s`;
const denoVersion = execFileSync(deno, ["--version"], { encoding: "utf8" }).split("\n")[0];
const { sendToRender, echo, signIn, weight } = browser;
const today = new Date().toISOString().slice(0, 10);
const machine = `${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
const echoWhat = "the same path without cryptography and disk: " +
  "a `health` call from a page through the gateway to the core and back";
const signInWhat = 'on a new device, from the press of Sign in to "Connected": ' +
  "OPAQUE with Argon2id (64 MiB, t = 3), vault, device list, 21 KeyPackages";
const scriptRow = ({ path, bytes }) => `| – \`${path.replace(/-[\w-]{8}\./, "-….")}\` | ${kB(bytes)} | |`;

const page = `# Benchmarks

Written by \`npm run bench\`. ${today}; ${machine}, Linux; ${denoVersion};
Chromium ${browser.browser}, headless. Browsers, gateway, core and the measuring process share these cores, so every
figure contains all of them. Times are p50 / p99.

## Between two browsers

Browser → gateway → core (on disk) → gateway → browser; ${sendToRender.dom.count} messages, one at a time with 150
ms between them, from the press of Send.

| what | p50 / p99 | for comparison |
|---|---|---|
| until the other page shows the message | ${both(sendToRender.dom)} | the aim: p50 ≤ 25 ms |
| until that page's next frame has been made | ${both(sendToRender.frame)} | a frame at 60 Hz lasts 16.7 ms |
| ${echoWhat} | ${both(echo)} | |

${outage}
${histories}
## Attachments

100 MiB over QUIC against a core of its own, as the engine does it: encrypted and hashed into a folder, sent in parts of
at most 8 MiB, read piece by piece with each piece checked. The memory is what the measuring process grew by meanwhile.

| what | figure | for comparison |
|---|---|---|
| encrypted and hashed into the spool | ${rounded(files.seal)} MiB/s | |
| up | ${rounded(files.up)} MiB/s | the bare calls: ${rounded(files.bareUp)} MiB/s; the aim: half of it |
| down | ${rounded(files.down)} MiB/s | the bare call: ${rounded(files.bareDown)} MiB/s; the aim: half of it |
| memory | ${rounded(files.grown)} MiB | the aim: ≤ 150 MiB |

${pageFiles}
## Signing in

| what | p50 of ${signIn.count} | for comparison |
|---|---|---|
| ${signInWhat} | ${ms(signIn.p50)} | Argon2id is slow by design |

A new device is in all chats: from the call that puts it into the account's device list until it shows the first
message of each of ${newDevice.chats} chats, over QUIC with OPAQUE left out; ${newDevice.own.count} devices, one after
another.

| who is online | p50 / p99 | for comparison |
|---|---|---|
| another device of the account | ${both(newDevice.own)} | the aim: p50 ≤ 1,000 ms |
| a device of somebody else in the chats | ${both(newDevice.other)} | the aim: p50 ≤ 5,000 ms |

${search}
## Size of the page (brotli)

| what | size | for comparison |
|---|---|---|
| scripts and styles to the sign-in screen, fonts not counted | ${kB(weight.signInBytes)} | the aim: ≤ 150 kB |
| the engine, which the first key or touch there starts | ${kB(weight.engineBytes)} | – |
${weight.scripts.map(scriptRow).join("\n")}
| all JavaScript and WebAssembly of the build | ${kB(weight.allBytes)} | |

## The core over QUIC, one connection

Calls without work (\`health\`):

| callers at once | calls | p50 / p99 | limit |
|---|---|---|---|
${rates(core.calls, bareAt)}

Durable messages (\`publish\`, 800 bytes, answered after fsync):

| callers at once | messages | p50 / p99 | limit |
|---|---|---|---|
${
  rates(core.durable, () =>
    `bare fsync of 4 KiB: ${rounded(core.bareFsyncPerSecond)}/s; messages that arrive together share one`)
}

The same, each caller with a connection of its own:

| connections | messages | p50 / p99 | limit |
|---|---|---|---|
${rates(core.durableOver, () => `as above`)}

| one message to many | p50 / p99 of 10 | for comparison |
|---|---|---|
| to ${core.fanOut.subscribers} subscribers: answered to its sender, on disk in every queue | ${
  both(core.fanOut.answered)
} | one fsync, ${core.fanOut.subscribers} rows |
| until the last of them has it | ${both(core.fanOut.last)} | ${
  rounded(core.fanOut.subscribers / core.bareRoundTrip[1].perSecond * 1000)
} ms: as many bare round trips at 64 at once |

${core.idle.count.toLocaleString("en")} idle connections: the core holds ${rounded(core.idle.residentMiB)} MiB, ${
  rounded(core.idle.kiBEach)
} KiB for each (bare Deno QUIC: 67 KiB).

The core held ${
  rounded(core.residentMiB)
} MiB afterwards. A bare QUIC stream is opened, carries one byte there and back, and is closed: 1 at a time ${
  both(core.bareRoundTrip[0])
}, 64 at once
${rounded(core.bareRoundTrip[1].perSecond)}/s.

## The gateway between them

The same call (\`health\`) from one client in Deno, straight to the core and through the gateway:

| way | 1 caller: p50 / p99 | added at p50 | 32 callers at once: calls | p50 / p99 |
|---|---|---|---|---|
${
  [["straight to the core (QUIC)", gateway.direct], ["through the gateway, WebTransport", gateway.webTransport], [
    "through the gateway, HTTPS fallback (\`POST /rpc\`)",
    gateway.https,
  ]].map(([name, [alone, together]]) =>
    `| ${name} | ${both(alone)} | ${ms(alone.p50 - gateway.direct[0].p50)} | ${rounded(together.perSecond)}/s | ${
      both(together)
    } |`
  ).join("\n")
}

A call that reads the database (\`fetch\`), while another address floods the gateway with calls, garbage and
requests, as fast as it is let: ${both(flood.quiet)} without the flood, ${
  both(flood.flooded)
} beside it. The aim: p99 no
more than twice as long.

${floods}

${mls}
${readFileSync(`${root}/bench/notes.md`, "utf8")}`;

if (quick) {
  console.log(page);
} else {
  write(page);
}
