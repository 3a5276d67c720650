/**
 * Compares the fields that `--json` prints with the table in docs/operate.md, for every command.
 */

import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { touchMs } from "../authentication/sessions.ts";
import { readConfig } from "../config.ts";
import { openDatabase } from "../storage/sqlite/open.ts";
import { startProcess, withTempDir } from "../testing/quic.ts";
import { random, seedDevices } from "../testing/seed.ts";
import { commands, failureOf, runCommand } from "./commands.ts";
import { readPage } from "../../schema/testing/doc_page.ts";

const page = readPage("docs/operate.md");

/** Fields by command, from the rows of the table under "For programs". */
function documented(): Map<string, string[]> {
  const [, section] = /\n### For programs\n([^]*?)\n##/.exec(page) ?? [];
  const rows = (section ?? "").split("\n").filter((line) => line.startsWith("| `")).map((line) =>
    line.split(/(?<!\\)\|/).slice(1, -1)
  );
  const names = (cell: string) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, name]) => name);
  return new Map(
    rows.flatMap(([command, fields]) =>
      names(command).map((name) =>
        [name, names(fields).filter((field) => /^[a-z]\w*(\[\])?(\.\w+)?$/.test(field)).sort()] as const
      )
    ),
  );
}

/**
 * The names of an object's fields. Nested fields are named `field.name`, those of a list's objects
 * `field[].name`.
 */
function namesOf(record: Record<string, unknown>): string[] {
  return Object.entries(record).flatMap(([name, value]) => {
    const [inner, prefix] = Array.isArray(value) ? [value[0], `${name}[]`] : [value, name];
    return typeof inner === "object" && inner !== null
      ? namesOf(inner as Record<string, unknown>).map((field) => `${prefix}.${field}`)
      : [name];
  }).sort();
}

function seedReport(dataDir: string, reporter: Uint8Array, about: Uint8Array): void {
  const db = openDatabase({ dataDir });
  db.run(
    "INSERT INTO reports (reporter_key, account_key, text, received_ms) VALUES (?, ?, 'rude', 1)",
    reporter,
    about,
  );
  db.close();
}

Deno.test({
  name: "--json prints the fields that docs/operate.md promises, and nothing for a list without entries",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withTempDir(async (dataDir) => {
      const promised = documented();
      const printed = new Map<string, string[]>();
      const env: Record<string, string> = { QPQ_DATA: dataDir };
      const run = async (name: string, ...args: string[]) => {
        const config = () => readConfig({ env: (variable) => env[variable], readFile: Deno.readTextFileSync });
        let out = "";
        try {
          await runCommand([...args, "--json"], config, (text) => out += text);
        } catch (error) {
          assert.fail(`${args.join(" ")}: ${failureOf(error).message}`);
        }
        const records = out.split("\n").filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>);
        if (records.length > 0) printed.set(name, namesOf(records[0]));
        return records;
      };
      openDatabase({ dataDir }).close();
      for (const list of ["users", "invites", "reports"]) {
        assert.deepEqual(await run(list, list), [], "zero accounts or codes are zero lines");
      }
      const [device, other] = seedDevices(dataDir, 2);
      const server = await startProcess(dataDir, { QPQ_METRICS_PORT: "0" });
      try {
        const { hostname, port } = server.address;
        env.QPQ_LISTEN = `${hostname}:${port}`;
        assert.equal((await run("status", "status"))[0].live, null, "no metrics port");
        env.QPQ_METRICS_PORT = String(/"metricsPort":(\d+)/.exec(server.log())![1]);
        await run("backup", "backup", `${dataDir}/monday.qpq`);
        const gateway = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () =>
          new Response("qpq_gateway_certificate_expires_seconds 86400.5\n"));
        env.QPQ_GATEWAY_METRICS = `127.0.0.1:${gateway.addr.port}`;
        const [{ gatewayCertificate }] = await run("status", "status") as [{ gatewayCertificate: { untilMs: number } }];
        await gateway.shutdown();
        assert.ok(Math.abs(gatewayCertificate.untilMs - Date.now() - 86_400_500) < 60_000);
        await run("health", "health");
        const [{ username }] = (await run("users", "users")).filter(({ accountKey }) =>
          accountKey === toHex(device.accountKey)
        ) as { username: string }[];
        await run("devices", "devices", username);
        await run("invite", "invite");
        const [{ inviteId }] = await run("invites", "invites");
        await run("invites revoke", "invites", "revoke", inviteId as string);
        seedReport(dataDir, device.accountKey, other.accountKey);
        const [{ reportId }] = await run("reports", "reports");
        await run("reports show", "reports", "show", String(reportId));
        await run("reports remove", "reports", "remove", String(reportId));
        await run("check", "check");
        await run("clock", "clock");
        await run("revoke", "revoke", "--user", username);
        for (const action of ["disable", "enable", "delete"]) {
          await run(`users ${action}`, "users", action, username, "--yes");
        }
      } finally {
        server.kill("SIGTERM");
        await server.status;
      }
      await run("restore", "restore", `${dataDir}/monday.qpq`, "--replace");
      const key = `${dataDir}/key`;
      Deno.writeTextFileSync(key, `x'${toHex(random(32))}'`);
      await run("rekey", "rekey", "--new-key-file", key);
      for (const command of Object.keys(commands)) {
        assert.ok(printed.has(command), `${command} was not tried`);
      }
      assert.deepEqual(Object.fromEntries(printed), Object.fromEntries(promised));
    }),
});

Deno.test("docs/operate.md names the steps in which LAST USED moves", () => {
  assert.ok(page.includes(`in steps of ${touchMs / 60_000} minutes`));
});
