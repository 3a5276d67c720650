/** `qpq-server backup`: writes the server's whole state into one file, once or again and again. */

import { certificatePin } from "../../schema/certificate_pin.ts";
import { toHex } from "../../schema/bytes.ts";
import { exists, folderOf } from "../storage/files.ts";
import { noteBackup } from "../storage/last_backup.ts";
import { requireRoomForBackup } from "./backup_room.ts";
import { type Command, exitCodes, Failure, type Invocation } from "./command.ts";
import { keptBackups, makeKeptBackup } from "./kept_backups.ts";
import { size, time } from "./output.ts";

const hourMs = 3_600_000;
/** After a backup that failed, the next try comes sooner than planned. */
const retryMs = hourMs;
const mostKept = 10_000;
const mostHours = 24 * 366;

export const backup: Command = {
  synopsis: "backup FILE | backup --keep N [--every HOURS] FOLDER",
  summary: "write everything into one new file, beside a running server or without one",
  details: `FILE holds the database as it is at this moment, the attachments, and the core's certificate with its key. \
It is encrypted with the database's key: keep that key elsewhere. FILE must not
exist; it appears under its name only once it is whole and on disk.

With --keep the file is named by a number and the time, is read back, and then the oldest of this server's backups \
in FOLDER are deleted, so that the N newest stay. Other files are never touched. Where FOLDER is on the data's disk, \
none is made that would leave less than QPQ_DISK_RESERVE free. With --every it goes on, and makes
the next one HOURS after the last.`,
  examples: [
    "qpq-server backup /backup/monday.qpq",
    "qpq-server backup --keep 14 /backup",
    "qpq-server backup --keep 14 --every 24 /backup",
  ],
  options: { keep: { type: "string" }, every: { type: "string" } },
  positionals: [1, 1],
  run: async (invocation) => {
    const { options, positionals: [place] } = invocation;
    const keep = wholeNumber(options.keep, "--keep: how many backups stay", mostKept);
    const everyHours = wholeNumber(options.every, "--every: hours", mostHours);
    if (keep === undefined) {
      if (everyHours !== undefined) throw new Failure(exitCodes.usage, "--every is for backups with --keep");
      return await backUpOnce(invocation, place);
    }
    if (!Deno.statSync(place).isDirectory) throw new Failure(exitCodes.failed, `${place} is no folder`);
    if (everyHours === undefined) return await backUpInRow(invocation, place, keep);
    await backUpForever(invocation, { folder: place, keep, everyMs: everyHours * hourMs });
  },
};

function wholeNumber(text: unknown, what: string, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,6}$/.test(String(text)) ? Number(text) : NaN;
  if (!(value >= 1 && value <= most)) {
    throw new Failure(exitCodes.usage, `${what}, 1 to ${most}`, "qpq-server backup --help");
  }
  return value;
}

async function backUpOnce({ store, config, positionals: [file], output }: Invocation, place: string): Promise<void> {
  if (exists(file)) {
    const { size: bytes, mtime } = Deno.lstatSync(file);
    throw new Failure(
      exitCodes.failed,
      `${file} exists already: ${size(bytes)}, of ${time(mtime?.getTime())}`,
      `name another file, or let the command name it: qpq-server backup --keep 14 ${folderOf(place)}`,
    );
  }
  if (!exists(folderOf(file))) throw new Failure(exitCodes.failed, "FILE's folder does not exist");
  tell({ config, output }, { file, deleted: [], ...await store.backUp({ file }) });
}

async function backUpInRow({ store, config, output }: Invocation, folder: string, keep: number): Promise<void> {
  const server = await pinOf(config.dataDir);
  await requireRoomForBackup(config, store, folder);
  tell({ config, output }, await makeKeptBackup({ folder, keep, server, store, nowMs: Date.now() }));
}

/** Ends by a signal only. As the first process of a container it gets one only if it listens to it. */
async function backUpForever(
  invocation: Invocation,
  { folder, keep, everyMs }: { folder: string; keep: number; everyMs: number },
): Promise<never> {
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => Deno.exit(0));
  const server = await pinOf(invocation.config.dataDir);
  while (true) {
    const [newest] = keptBackups(folder, server);
    // After a start, too, so that restarts make no backups that push out older ones. A clock that was wrong delays the
    // next one by one period at most.
    const waitMs = newest ? Math.min(everyMs, Math.max(0, newest.madeMs + everyMs - Date.now())) : 0;
    if (waitMs > 0) console.error(`qpq-server: the next backup is made at ${time(Date.now() + waitMs)}`);
    await pause(waitMs);
    try {
      await backUpInRow(invocation, folder, keep);
    } catch (error) {
      const { message, hint } = error as Failure;
      console.error(`qpq-server: error: ${message}${hint ? `\nqpq-server: hint: ${hint}` : ""}`);
      await pause(Math.min(everyMs, retryMs));
    }
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The server as its clients know it. @throws Failure where it never ran */
async function pinOf(dataDir: string): Promise<string> {
  const path = `${dataDir}/core-cert.pem`;
  if (!exists(path)) {
    throw new Failure(exitCodes.failed, `${dataDir} holds no certificate`, "check QPQ_DATA, or start the server once");
  }
  return toHex(await certificatePin(Deno.readTextFileSync(path)));
}

function tell(
  { config, output }: Pick<Invocation, "config" | "output">,
  { file, attachments, deleted }: { file: string; attachments: number; deleted: string[] },
): void {
  const bytes = Deno.statSync(file).size;
  noteBackup(config.dataDir, { madeMs: Date.now(), file });
  const gone = deleted.length === 0 ? "" : `, ${deleted.length} older deleted`;
  output.record(
    `${size(bytes)} written to ${file}, ${attachments} ${attachments === 1 ? "attachment" : "attachments"}${gone}`,
    { file, bytes, attachments, encrypted: config.dbKey !== undefined, deleted },
  );
}
