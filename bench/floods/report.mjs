/** The part of docs/benchmarks.md about attacks, and how it is measured. */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { deno, root } from "../../scripts/paths.mjs";
import { rounded } from "../statistics.mjs";

/** What the version before showed: `main.ts --servers FOLDER > before.json`. */
const beforeFile = `${root}/bench/floods/before.json`;

/** @returns the figures by attack @param {string[]} names of attacks; none: all */
export function measureFloods(names = []) {
  const args = ["run", "--quiet", "-A", "--unstable-net", "--no-check", `${root}/bench/floods/main.ts`, ...names];
  return JSON.parse(execFileSync(deno, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }));
}

const ms = (value) => value === undefined ? "–" : `${rounded(value)} ms`;
const grown = ({ before, most }) => `${rounded(before)} → ${rounded(most)} MiB`;

function row(version, { alone, attacked, between, core, gateway, disk }) {
  const p99 = (kind) => [alone, attacked, between].map((times) => ms(times[kind].p99)).join(" / ");
  const failed = alone.failed + attacked.failed + between.failed;
  return `| ${version} | ${p99("messages")} | ${p99("pages")} | ${failed} | ${grown(core)} | ${grown(gateway)} | ${
    rounded(Math.max(disk, 0))
  } MiB |`;
}

/** What is said of the aim: against the middle of all times alone, because one run's p99 has few samples. */
function judged(figures, kind, what) {
  const alone = Object.values(figures).map((figure) => figure.alone[kind].p99).sort((a, b) => a - b);
  const middle = alone[Math.floor(alone.length / 2)];
  const over = Object.entries(figures).filter(([, { attacked }]) => attacked[kind].p99 > 2 * middle).map(([name]) =>
    `\`${name}\``
  );
  const shared = figures.nothing
    ? `, beside a process that attacks nothing ${ms(figures.nothing.attacked[kind].p99)}`
    : "";
  return `${what} p99 alone is ${ms(middle)} (the middle of these runs)${shared}. Above twice as long as alone: ${
    over.length > 0 ? over.join(", ") : "none"
  }.`;
}

/** @param {Record<string, object>} figures of {@link measureFloods} @returns {string} the section */
export function floodsSection(figures) {
  const before = existsSync(beforeFile) ? JSON.parse(readFileSync(beforeFile, "utf8")) : {};
  const tables = Object.entries(figures).map(([name, now]) =>
    `**${now.what}** (\`${name}\`)

| version | message p99 | page p99 | failed | core | gateway | data grew |
|---|---|---|---|---|---|---|
${before[name] ? `${row("0.1.0", before[name])}\n` : ""}${row("now", now)}
`
  );
  return `## Under attack

Core and gateway as they are installed, with 1,024 open files each and a quota of 5 MiB for attachments. An honest user
writes a message every 25 ms through the gateway and loads the page every 100 ms on a new connection, while an attacker
with the lowest priority on the same two cores does what the line says, in 10 rounds of 1.6 s with pauses of 0.8 s. Each
p99: alone, before the first attack / attacked / in the pauses. A call that has failed, or takes longer than 5 s, counts
as 5 s. Memory: before, and at most. The aim: p99 under attack no more than twice as long as alone.

${judged(figures, "messages", "Message")}
${judged(figures, "pages", "Page")}

${tables.join("\n")}`;
}
