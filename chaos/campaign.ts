/** A long run in several worlds, one after the other: each with its own people, states, seed and log. */

import { chaos, type ChaosOptions, type ChaosResult } from "./loop.ts";

export interface CampaignOptions extends Omit<ChaosOptions, "folder" | "log"> {
  /** How many worlds share the kills. */
  worlds: number;
  /** Where logs go: `SEED.log` for each world. */
  logs: string;
}

export interface Campaign {
  result: ChaosResult;
  /** A line for each world that is not as it should be: what is wrong, where its log and its states are. */
  evidence: string[];
  /** Worlds that could not be judged. */
  failed: number;
}

/**
 * Runs one world after the other. A world that fails does not end the others. The states of a world stay on disk only
 * when something is lost, doubled or stuck, or it failed.
 *
 * @returns all results in one. @throws Error when it is interrupted
 */
export async function campaign(options: CampaignOptions): Promise<Campaign> {
  const { worlds, kills, seed, logs, say, signal } = options;
  const all: Campaign = { result: nothing(), evidence: [], failed: 0 };
  for (let index = 0; index < worlds; index++) {
    signal.throwIfAborted();
    const own = Math.floor(kills / worlds) + (index < kills % worlds ? 1 : 0);
    if (worlds > 1) say(`world ${index + 1} of ${worlds}, seed ${seed + index}, ${own} kills`);
    const folder = Deno.makeTempDirSync({ prefix: "qpq-chaos-" });
    const logPath = `${logs}/${seed + index}.log`;
    const where = `seed ${seed + index}, log: ${logPath}, states: ${folder}`;
    const log = Deno.openSync(logPath, { write: true, create: true, truncate: true });
    try {
      const result = await chaos({ ...options, kills: own, seed: seed + index, folder, log: writeTo(log) });
      add(all.result, result);
      const { lost, doubled, stuck } = result;
      if (lost.length + doubled.length + stuck.length === 0) Deno.removeSync(folder, { recursive: true });
      else all.evidence.push(`${lost.length} lost, ${doubled.length} doubled, ${stuck.length} stuck: ${where}`);
    } catch (error) {
      signal.throwIfAborted();
      all.failed++;
      all.evidence.push(`failed: ${(error as Error).message}: ${where}`);
    } finally {
      log.close();
    }
  }
  return all;
}

const nothing = (): ChaosResult => ({
  lost: [],
  doubled: [],
  stuck: [],
  whole: 0,
  notices: {},
  samples: [],
  cutShort: [],
  kills: {},
  said: 0,
  sent: 0,
  tookMs: 0,
});

/** Adds the numbers of one world, and appends its lists. */
export function add(sum: ChaosResult, one: ChaosResult): void {
  for (const name of ["lost", "doubled", "stuck"] as const) sum[name].push(...one[name]);
  for (const name of ["samples", "cutShort"] as const) sum[name].push(...one[name]);
  for (const name of ["whole", "said", "sent", "tookMs"] as const) sum[name] += one[name];
  for (const name of ["notices", "kills"] as const) {
    for (const [key, count] of Object.entries(one[name])) sum[name][key] = (sum[name][key] ?? 0) + count;
  }
}

/** Processes of a world that ends may still have a word to say. */
function writeTo(file: Deno.FsFile): ChaosOptions["log"] {
  const encoder = new TextEncoder();
  return (who, line) => {
    try {
      file.writeSync(encoder.encode(`${new Date().toISOString()} ${who} | ${line}\n`));
    } catch {
      // The world is over.
    }
  };
}
