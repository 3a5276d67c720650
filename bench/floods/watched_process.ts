/** Memory of a running process, and the size of a folder. */

/** Linux counts processor time in these, on every architecture that Deno runs on (`man 7 time`). */
const ticksPerS = 100;

/** Samples the resident memory of a process. */
export class WatchedProcess {
  readonly #pid: number;
  readonly #timer: ReturnType<typeof setInterval>;
  #mostMiB = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#sample(), 100);
  }

  /** @returns MiB now; 0 when it has ended */
  get nowMiB(): number {
    return this.#sample();
  }

  /** @returns the most that was seen, MiB */
  get mostMiB(): number {
    return this.#mostMiB;
  }

  /** @returns the processor time that it has used so far, s */
  get cpuS(): number {
    try {
      const stat = Deno.readTextFileSync(`/proc/${this.#pid}/stat`);
      const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13).map(Number);
      return (user + system) / ticksPerS;
    } catch {
      return 0;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sample(): number {
    let status = "";
    try {
      status = Deno.readTextFileSync(`/proc/${this.#pid}/status`);
    } catch {
      return 0;
    }
    const now = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
    this.#mostMiB = Math.max(this.#mostMiB, now);
    return now;
  }
}

/** @returns MiB of all files in a folder */
export function folderMiB(folder: string): number {
  let bytes = 0;
  for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    try {
      if (isDirectory) bytes += folderMiB(path) * 2 ** 20;
      else if (isFile) bytes += Deno.statSync(path).size;
    } catch {
      // It was removed meanwhile.
    }
  }
  return bytes / 2 ** 20;
}
