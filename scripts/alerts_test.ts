/** The alert rules for Prometheus: their syntax, what they fire on, and the table of docs/operate.md. */

import assert from "node:assert/strict";
import { readPage } from "../schema/testing/doc_page.ts";
import { root } from "./paths.mjs";
import { promtool } from "./testing/promtool.ts";

const file = `${root}/docs/prometheus/quicproquo.rules.yml`;
/** The formatter writes an expression in the quotes that it does not hold. */
const ruleForm = new RegExp(
  [
    " - alert: (\\w+)",
    "expr: [\"'](.*)[\"']",
    "for: (\\w+)",
    "labels:",
    "severity: (\\w+)",
    "annotations:",
    'summary: "(.*)"',
  ]
    .join("\\n +"),
  "g",
);
const rules = Array.from(Deno.readTextFileSync(file).matchAll(ruleForm), ([, ...parts]) => parts);

async function run(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(promtool(), { args }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, said);
  return said;
}

Deno.test("SERVERS 14: promtool accepts the alert rules, all of them", async () => {
  assert.ok(rules.length > 10);
  assert.match(await run("check", "rules", file), new RegExp(`SUCCESS: ${rules.length} rules found`));
});

Deno.test("SERVERS 14: the table of alerts in docs/operate.md says what the rules say", () => {
  const [, section] = /has these alerts([^]*?)\n\nThe gateway's log/.exec(readPage("docs/operate.md")) ?? [];
  const rows = section.split("\n").filter((line) => line.startsWith("| `")).map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim().replace(/^`(.*)`$/, "$1"))
  );
  assert.deepEqual(rows, rules);
});

Deno.test("SERVERS 14: the alerts fire on a full disk, a missing backup, a lost core, not on a good day", async () => {
  const folder = await Deno.makeTempDir({ prefix: "qpq-alerts-" });
  const series = (name: string, value: string) => `          - { series: '${name}', values: '${value}' }`;
  const alive = [series("qpq_connections", "4x200"), series("qpq_gateway_sessions", "1x200")];
  const day = (what: string[], alerts: string[]) =>
    `  - interval: 1m
    input_series:
${[...alive, ...what].join("\n")}
    alert_rule_test:
${
      ["QpqDiskFilling", "QpqNoBackup", "QpqGatewayWithoutCore", "QpqGatewayNotScraped"].map((name) => {
        const [, , , severity, summary] = rules.find(([rule]) => rule === name)!;
        const fires = alerts.includes(name)
          ? ` [{ exp_labels: { severity: ${severity} }, exp_annotations: { summary: "${summary}" } }]`
          : " []";
        return `      - eval_time: 3h\n        alertname: ${name}\n        exp_alerts:${fires}`;
      }).join("\n")
    }
`;
  const good = [
    series("qpq_disk_free_bytes", "50x200"),
    series("qpq_disk_total_bytes", "100x200"),
    series("qpq_last_backup_timestamp_seconds", "9000x200"),
    series("qpq_gateway_upstream_connections", "4x200"),
  ];
  // Prometheus counts its tests' time from 1970: a backup of three days before is a negative time.
  const bad = [
    series("qpq_disk_free_bytes", "15x200"),
    series("qpq_disk_total_bytes", "100x200"),
    series("qpq_last_backup_timestamp_seconds", "-259200x200"),
    series("qpq_gateway_upstream_connections", "0x200"),
  ];
  const tests = `rule_files: ["${file}"]\ntests:\n${day(good, [])}${
    day(bad, ["QpqDiskFilling", "QpqNoBackup", "QpqGatewayWithoutCore"])
  }`;
  try {
    await Deno.writeTextFile(`${folder}/alerts.test.yml`, tests);
    assert.match(await run("test", "rules", `${folder}/alerts.test.yml`), /SUCCESS/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
