/** `qpq-server reports`: what users have reported about accounts. */

import { toHex } from "../../schema/bytes.ts";
import type { ReportSummary } from "../storage/operator_store.ts";
import { type Command, exitCodes, Failure, type Invocation } from "./command.ts";
import { time } from "./output.ts";

export const reports: Command = {
  synopsis: "reports [show ID | remove ID]",
  summary: "list what users have reported, show one report, or remove it",
  details: "A report is what its reporter says and chose to show: nothing proves that somebody wrote the messages in " +
    "it.\nReports are kept for 90 days.",
  examples: ["qpq-server reports", "qpq-server reports show 17", "qpq-server reports remove 17"],
  positionals: [0, 2],
  run: async (invocation) => {
    const { positionals: [action, id], store, output } = invocation;
    if (action === undefined) return await list(invocation);
    if ((action !== "show" && action !== "remove") || !/^[1-9]\d{0,14}$/.test(id ?? "")) {
      throw new Failure(exitCodes.usage, "reports, reports show ID, or reports remove ID", "`qpq-server reports`");
    }
    if (action === "show") return await show(invocation, Number(id));
    if (!await store.removeReport({ id: Number(id) })) throw unknown();
    output.record("removed", { reportId: Number(id), removed: true });
  },
};

async function list({ store, output }: Invocation): Promise<void> {
  const rows = (await store.reports()).map((report) => ({
    cells: [String(report.id), time(report.receivedMs), report.about, report.reporter],
    fields: fieldsOf(report),
  }));
  output.table(["ID", "RECEIVED", "ABOUT", "BY"], rows, "no reports");
}

async function show({ store, output }: Invocation, id: number): Promise<void> {
  const report = (await store.reports()).find((report) => report.id === id);
  if (!report) throw unknown();
  output.record(printable(report.text), { ...fieldsOf(report), text: report.text });
}

function fieldsOf({ id, receivedMs, about, accountKey, reporter }: ReportSummary) {
  return { reportId: id, receivedMs, about, accountKey: toHex(accountKey), reporter };
}

/** What a terminal would act upon, and what turns the direction of text, is shown as its code. */
function printable(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function unknown(): Failure {
  return new Failure(exitCodes.failed, "no such report", "`qpq-server reports` shows the ids");
}
