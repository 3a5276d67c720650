/** Parts of docs/benchmarks.md that are measured in Chromium, each alone: large histories, an outage, files, search. */

import { loadavg } from "node:os";
import { measureHistories } from "./histories.mjs";
import { measureOutages } from "./outage.mjs";
import { measurePageFiles } from "./page_files.mjs";
import { measureSearch } from "./search.mjs";
import { rounded } from "./statistics.mjs";

const ms = (/** @type {number} */ value) => `${rounded(value)} ms`;
const both = (/** @type {{ p50: number, p99: number }} */ { p50, p99 }) => `${ms(p50)} / ${ms(p99)}`;
const ascending = (/** @type {number} */ one, /** @type {number} */ other) => one - other;
const whole = (/** @type {number} */ number) => number.toLocaleString("en");
const rate = (/** @type {number} */ value) => `${rounded(value)} MiB/s`;
const memory = (/** @type {number} */ value) => `${rounded(value)} MiB`;

/** Measures, and notes how loaded the machine was before by other work: a figure of a loaded machine says less. */
async function measured(/** @type {() => Promise<any>} */ measure) {
  const today = new Date().toISOString().slice(0, 10);
  const load = rounded(loadavg()[0]);
  return { figures: await measure(), when: `${today}; the machine's load before: ${load}` };
}

/** @returns {Promise<string>} the part about large histories @param {boolean} quick a small one */
export async function historiesPart(quick) {
  const small = { chats: 3, count: 50, longCount: 2000, samples: 2 };
  const { figures, when } = await measured(() => measureHistories(quick ? small : undefined));
  const { chats, count, longCount, start, engine, open } = figures;
  return `## Large histories

${chats} chats, one of ${whole(longCount)} messages, the others of ${whole(count)}, in a page without a network: the
app's files come from the service worker, the records from IndexedDB. The list is that of last time until the engine has
read all chats (decision 065). ${when}.

| what | p50 / p99 of ${start.count} | for comparison |
|---|---|---|
| from the start of the page to the list of chats | ${both(start)} | the aim: ≤ 500 ms |
| until the engine has told its own list | ${both(engine)} | |
| from the press on the long chat to its rows | ${both(open)} | the aim: ≤ 100 ms |
`;
}

/** @returns {Promise<string>} the part about a killed core @param {boolean} quick with few messages */
export async function outagePart(quick) {
  const { figures, when } = await measured(() => measureOutages(quick ? 40 : undefined));
  const { rounds, returns } = figures;
  const median = (/** @type {string} */ which, /** @type {any[]} */ of = rounds) =>
    of.map((/** @type {Record<string, number>} */ one) => one[which]).sort(ascending)[1];
  const each = (/** @type {string} */ which, /** @type {any[]} */ of = rounds) =>
    of.map((/** @type {Record<string, number>} */ one) => rounded(one[which])).join(", ");
  return `## After the core was killed

${rounds[0].count} messages are written while there is no core; median of ${rounds.length}. Both pages, gateway and
core share the machine's cores, so a task takes longer by the clock than its thread works on it. Then as many are sent
to a page that is away. It has the chat open again when the core is back, and the writer's page does nothing. ${when}.

| what | figure | for comparison |
|---|---|---|
| until the page says "Connected", from the moment when the core is ready | ${ms(median("backMs"))} | the aim: ≤ 5 s |
| until the other page shows the last of the messages | ${ms(median("allMs"))} | |
| messages that the other page shows, from the first to the last | ${
    rounded(median("perSecond"))
  }/s | the aim: ≥ 200/s |
| the longest task of that page's thread meanwhile, in each round: time of a processor | ${
    each("longestCpuMs")
  } ms | the aim: ≤ 50 ms |
| the same by the clock | ${each("longestMs")} ms | |
| a page that comes back shows of what waited, from the first to the last | ${
    rounded(median("perSecond", returns))
  }/s | the aim: ≥ 200/s |
| its longest task meanwhile, in each round: time of a processor | ${
    each("longestCpuMs", returns)
  } ms | the aim: ≤ 50 ms |
| the same by the clock | ${each("longestMs", returns)} ms | |
`;
}

/** @returns {Promise<string>} the part about a large file in a page @param {boolean} quick a small one, once */
export async function filesPart(quick) {
  const small = { size: 10 * 1024 * 1024, samples: 1 };
  const { figures: { size, samples, rates, idle, most }, when } = await measured(() =>
    measurePageFiles(quick ? small : undefined)
  );
  const share = (/** @type {"up" | "down"} */ way) =>
    `${rounded(100 * rates[way] / rates[way === "up" ? "bareUp" : "bareDown"])} %`;
  return `## Attachments in a page

${size} MiB from a page to another: from the press of Send until the message says "Sent", encrypting included, and from
the press of Download until the browser has the whole file on the disk. The bare calls are those of a page that
encrypts, keeps and looks at nothing, over WebTransport through the same gateway. The middle of ${samples}, one after
another. The memory is what the page's process holds alone (\`Private_Clean\` and \`Private_Dirty\`), its workers
included; at rest, before the first file, and the most of samples every 100 ms. Each of both pages is in a browser of
its own, with its profile on the disk. ${when}.

| what | figure | for comparison |
|---|---|---|
| up | ${rate(rates.up)}, ${share("up")} of the bare calls | the bare calls: ${
    rate(rates.bareUp)
  }; the aim: half of it |
| down | ${rate(rates.down)}, ${share("down")} of the bare call | the bare call: ${
    rate(rates.bareDown)
  }; the aim: half of it |
| memory while it goes up | ${memory(most.up)} | at rest: ${memory(idle.up)}; the aim: ≤ 150 MB |
| memory while it comes down | ${memory(most.down)} | at rest: ${memory(idle.down)}; the aim: ≤ 150 MB |
`;
}

/** @returns {Promise<string>} the part about the search @param {boolean} quick in few messages */
export async function searchPart(quick) {
  const { figures, when } = await measured(() => measureSearch(quick ? 2000 : undefined));
  return `## Search

${whole(figures.messages)} messages in Chromium, from the question to the excerpts, which are read from the sealed
lines; 300 questions of one word, two words, and the beginning of a word. ${when}.

| what | figure | for comparison |
|---|---|---|
| a question, p50 / p99 | ${both(figures.query)} | 20 lines are opened for each page |
| the index is opened again, and answers 15 questions | ${ms(figures.reopenMs)} | |
| the index is built anew, in slices beside other work | ${rounded(figures.buildMs / 1000)} s | |
| its file | ${rounded(figures.fileBytes / 1_000_000)} MB | |
`;
}
