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

function row(version, { quiet, attacked, core, gateway, disk }) {
  const failed = attacked.failed > 0 ? `, ${attacked.failed} failed` : "";
  return `| ${version} | ${ms(quiet.messages.p99)} / ${ms(attacked.messages.p99)}${failed} | ${ms(quiet.pages.p99)} / ${
    ms(attacked.pages.p99)
  } | ${grown(core)} | ${grown(gateway)} | ${rounded(Math.max(disk, 0))} MiB |`;
}

/** @param {Record<string, object>} figures of {@link measureFloods} @returns {string} the section */
export function floodsSection(figures) {
  const before = existsSync(beforeFile) ? JSON.parse(readFileSync(beforeFile, "utf8")) : {};
  const tables = Object.entries(figures).map(([name, now]) =>
    `**${now.what}** (\`${name}\`)

| version | message p99: alone / attacked | page p99: alone / attacked | core | gateway | data grew |
|---|---|---|---|---|---|
${before[name] ? `${row("0.1.0", before[name])}\n` : ""}${row("now", now)}
`
  );
  return `## Under attack

Core and gateway as they are installed, with 1,024 open files each and a quota of 5 MiB for attachments. An honest user
writes a message every 25 ms through the gateway and loads the page every 100 ms on a new connection, while an attacker
with the lowest priority on the same two cores does what the line says, in 6 rounds that take turns with quiet ones. A
call that has failed, or takes longer than 5 s, counts as 5 s. Memory: before, and at most. The aim: p99 no more than
twice as long as alone.

${tables.join("\n")}`;
}
