/** The part of docs/benchmarks.md about MLS and the hybrid layer. */

import { execFileSync } from "node:child_process";
import { deno, root } from "../scripts/paths.mjs";
import { measureMlsInBrowser } from "./mls_browser.mjs";
import { rounded } from "./statistics.mjs";

const allSizes = [2, 10, 50, 200, 1000];

/**
 * What a step can not do without, in bare operations of the runtime; all else (tree hashing, key schedule,
 * codec, rules) is the rest.
 *
 * @type {Record<string, { what: string, bare?: (members: number, bare: Record<string, number>) => number,
 *   of?: string }>}
 */
const steps = {
  add: {
    what: "add all others in one commit",
    of: "per joiner: 2 encapsulations' worth of X25519, 1 X-Wing header, 3 signature checks",
    bare: (n, b) => (n - 1) * (2 * b.x25519 + b.sealHeader + 3 * b.verify),
  },
  join: {
    what: "join by its Welcome",
    of: "per member 1 signature check; 1 header",
    bare: (n, b) => n * b.verify + b.openHeader,
  },
  update: {
    what: "self-update",
    of: "per member 1 X-Wing header; 2·log₂N X25519",
    bare: (n, b) => n * b.sealHeader + 2 * Math.ceil(Math.log2(n)) * b.x25519,
  },
  processUpdate: {
    what: "process it",
    of: "1 header, 1 + log₂N X25519, 2 signature checks",
    bare: (n, b) => b.openHeader + (1 + Math.ceil(Math.log2(n))) * b.x25519 + 2 * b.verify,
  },
  remove: {
    what: "remove one",
    of: "as a self-update",
    bare: (n, b) => n * b.sealHeader + 2 * Math.ceil(Math.log2(n)) * b.x25519,
  },
  processRemove: {
    what: "process it",
    of: "as above",
    bare: (n, b) => b.openHeader + (1 + Math.ceil(Math.log2(n))) * b.x25519 + 2 * b.verify,
  },
  encrypt: { what: "seal a message of 200 bytes", of: "1 signature, 2 AEAD", bare: (_, b) => b.sign + b.aead },
  decrypt: { what: "open it", of: "1 signature check, 2 AEAD", bare: (_, b) => b.verify + b.aead },
  storeEpoch: { what: "encode the epoch record (once a commit, never a message)", of: "" },
};

function timesTable({ groups, bare }) {
  /** @param {[string, typeof steps[string]]} step */
  const row = ([name, { what, bare: limit, of }]) => {
    const cells = groups.map(({ members, times }) => {
      if (times[name] === undefined) return "–";
      const beside = limit ? ` (${rounded(limit(members, bare) / 1000)})` : "";
      return `${rounded(times[name])}${beside}`;
    });
    return `| ${what} | ${cells.join(" | ")} | ${of} |`;
  };
  return `| ms, p50 (in brackets: its bare operations) | ${
    groups.map(({ members }) => `N = ${members}`).join(" | ")
  } | bare operations |
|---|${groups.map(() => "---|").join("")}---|
${Object.entries(steps).map(row).join("\n")}`;
}

const kB = (bytes) => `${rounded(bytes / 1000)} kB`;

/**
 * @param {number[]} [sizes] of groups
 * @returns {Promise<string>} Markdown
 */
export async function mlsSection(sizes = allSizes) {
  const program = `import { measureBare, measureGroup, measureProviders } from ${
    JSON.stringify(`${root}/bench/mls.ts`)
  };
const bare = await measureBare(); const providers = await measureProviders(); const groups = [];
for (const size of ${JSON.stringify(sizes)}) groups.push(await measureGroup(size));
console.log(JSON.stringify({ bare, providers, groups }));`;
  const inDeno = JSON.parse(
    execFileSync(deno, ["run", "-A", "--quiet", "--no-check", "-"], {
      cwd: root,
      input: program,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  const inChromium = await measureMlsInBrowser(sizes);
  const bareRow = (name, what) => `| ${what} | ${rounded(inChromium.bare[name])} | ${rounded(inDeno.bare[name])} |`;
  const sizeRow = (name, what) => `| ${what} | ${inDeno.groups.map((group) => kB(group.sizes[name])).join(" | ")} |`;
  return `## Groups of N: MLS and the hybrid layer

In Chromium:

${timesTable(inChromium)}

In Deno, as the CLI runs it:

${timesTable(inDeno)}

| on the wire, or on disk | ${sizes.map((size) => `N = ${size}`).join(" | ")} |
|---|${sizes.map(() => "---|").join("")}
${sizeRow("addCommit", "the commit that adds all")}
${sizeRow("welcome", "its one Welcome")}
${sizeRow("updateCommit", "a self-update")}
${sizeRow("headers", "all headers of a commit (each member fetches its own 1.2 kB)")}
${sizeRow("message", "a message of 200 bytes, padded and sealed twice")}
${sizeRow("messageRecord", "what one message writes to disk")}
${sizeRow("epochRecord", "what one commit writes to disk")}

| µs, p50 | Chromium | Deno |
|---|---|---|
${bareRow("x25519", "X25519")}
${bareRow("sign", "Ed25519 signature, key import included")}
${bareRow("verify", "Ed25519 check")}
${bareRow("aead", "AES-128-GCM seal and open, 300 bytes")}
${bareRow("encapsulate", "X-Wing encapsulate")}
${bareRow("decapsulate", "X-Wing decapsulate, from the seed")}
${bareRow("sealHeader", "hybrid header: seal")}
${bareRow("openHeader", "hybrid header: open")}
${bareRow("opaqueStart", "OPAQUE KE1: P-256 in JavaScript")}
${bareRow("argon2id", "Argon2id, 64 MiB, t = 3, p = 1: sign-in's memory-hard step")}

What one message writes, sealed and on disk in Chromium's IndexedDB (7 records, durability "strict"; the same in a
group of any size): ${rounded(inChromium.persistence.messageMs)} ms; one bare record of one byte:
${rounded(inChromium.persistence.bareMs)} ms.

The CryptoProvider on WebCrypto, and ts-mls's own in brackets:

| µs, p50 | Chromium | Deno |
|---|---|---|
${
    Object.entries(inChromium.providers).map(([what, { ours, library }]) =>
      `| ${what} | ${rounded(ours)} (${rounded(library)}) | ${rounded(inDeno.providers[what].ours)} (${
        rounded(inDeno.providers[what].library)
      }) |`
    ).join("\n")
  }

Threads (docs/decisions/013): seals and checks for many in two Workers of Chromium, compared with the caller's thread
alone. "Stall": the longest time in which that thread did nothing else.

| ms | here | stall | spread | stall |
|---|---|---|---|---|
${
    inChromium.threads.flatMap(({ here, spread }) =>
      [["add all others", "add"], ["self-update", "update"]].map(([what, step]) =>
        `| ${what}, N = ${here.members} | ${rounded(here[step].ms)} | ${rounded(here[step].stallMs)} | ${
          rounded(spread[step].ms)
        } | ${rounded(spread[step].stallMs)} |`
      )
    ).join("\n")
  }
`;
}
