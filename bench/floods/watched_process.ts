/** Memory of a running process, and the size of a folder. */

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
