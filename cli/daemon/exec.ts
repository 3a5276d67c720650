/**
 * How `qpq` runs a command in the daemon: the method `exec`. The command line was parsed by the caller; each line that
 * the command prints is a call back, answered when the caller has written it. Files are the caller's as well.
 */

import { JSONRPCErrorException } from "json-rpc-2.0";
import type { Invocation } from "../arguments.ts";
import { ownFiles } from "../caller_files.ts";
import { Failure, wrongUsage } from "../failure.ts";
import type { Output } from "../output.ts";
import type { OutputRecord } from "../records.ts";
import { standardInput } from "../standard_input.ts";
import { commands, exitCodes } from "../usage.ts";
import { type Holder, whyAlone } from "./holder.ts";
import { fileMethods, filesOfCaller } from "./exec_files.ts";
import { type Channel, type Method, Peer } from "./peer.ts";
import { failureOfRpc } from "./rpc_errors.ts";

/** Notes and progress that wait to be written. */
const mostNotes = 64;

/** @returns the methods by which a caller runs a command and interrupts it */
export function execMethods(holder: Holder): Record<"exec" | "interrupt", Method> {
  const running = new WeakMap<Peer, AbortController>();
  return {
    exec: async (params, peer) => {
      const { command, args, options, timeoutMs } = (params ?? {}) as Record<string, unknown>;
      if (
        typeof command !== "string" || !Array.isArray(args) || args.some((arg) => typeof arg !== "string") ||
        typeof options !== "object" || options === null || typeof timeoutMs !== "number"
      ) throw wrongUsage("exec: command, args, options and timeoutMs are needed");
      if (running.has(peer)) throw wrongUsage("exec: another command of this connection runs");
      const interrupt = new AbortController();
      running.set(peer, interrupt);
      try {
        await holder.run({ command, args, options: options as Invocation["options"], timeoutMs }, {
          output: outputOf(peer),
          input: async () => String(await peer.request("input")),
          files: filesOfCaller(peer),
          interrupted: AbortSignal.any([interrupt.signal, peer.ended]),
          ended: peer.ended,
        });
        return { exitCode: exitCodes.ok };
      } finally {
        running.delete(peer);
      }
    },
    interrupt: (params, peer) => {
      const { exitCode } = (params ?? {}) as Record<string, unknown>;
      const code = typeof exitCode === "number" ? exitCode : exitCodes.interrupted;
      running.get(peer)?.abort(new Failure(code, "interrupted"));
      return Promise.resolve(null);
    },
  };
}

/** What a command prints, by the caller. Notes and progress that it does not take are left out: they only pile up. */
function outputOf(peer: Peer): Output {
  let waiting = 0;
  const tell = (method: string, text: string | undefined) => {
    if (waiting === mostNotes) return;
    waiting++;
    void peer.notify(method, { text }).catch(() => {}).finally(() => waiting--);
  };
  return {
    line: async (text, record) => void await peer.request("line", { text, record }),
    write: async (text) => void await peer.request("write", { text }),
    note: (text) => tell("note", text),
    progress: (text) => tell("progress", text),
  };
}

/**
 * Runs a command line in the daemon.
 *
 * @param interrupted ends it in order
 * @throws Failure as the command would by itself; errors of the output
 */
export async function throughDaemon(
  channel: Channel,
  invocation: Invocation,
  output: Output,
  interrupted: AbortSignal,
): Promise<void> {
  const { command, timeoutMs } = invocation;
  const alone = whyAlone(invocation);
  if (alone) {
    channel.close();
    throw alone;
  }
  const here = Promise.withResolvers<never>();
  let refused: Failure | undefined;
  /** What fails here ends the call with its own error. */
  const doing = (work: (params: Told) => Promise<unknown>): Method => async (params) => {
    try {
      return await work(params as Told);
    } catch (error) {
      here.reject(error);
      throw error;
    }
  };
  const files = fileMethods(ownFiles);
  const peer = new Peer(channel, {
    methods: {
      line: doing(({ text, record }) => output.line(text, record)),
      write: doing(({ text }) => output.write(text ?? "")),
      input: doing(() => standardInput(command)),
      note: doing(async ({ text }) => output.note(text ?? "")),
      ...files.methods,
      progress: doing(async ({ text }) => output.progress(text)),
    },
    onRefused: (error) => refused = failureOfRpc(error),
  });
  const over = peer.run();
  const known = commands[command].options ?? {};
  const options = Object.fromEntries(Object.entries(invocation.options).filter(([name]) => Object.hasOwn(known, name)));
  const interrupt = () => {
    const { exitCode } = interrupted.reason as Failure;
    void peer.notify("interrupt", { exitCode }).catch(() => {});
  };
  interrupted.addEventListener("abort", interrupt, { once: true });
  try {
    const work = peer.request("exec", { command, args: invocation.args, options, timeoutMs });
    if (interrupted.aborted) interrupt();
    await Promise.race([work, here.promise]);
  } catch (error) {
    if (!(error instanceof JSONRPCErrorException)) throw error;
    // Without an answer: what came before the end says why.
    if (error.code === 0) {
      await over;
      throw refused ?? new Failure(exitCodes.failed, "the daemon has ended", "try again: qpq then runs by itself");
    }
    throw failureOfRpc(error);
  } finally {
    interrupted.removeEventListener("abort", interrupt);
    await files.end();
    peer.close();
  }
}

interface Told {
  text?: string;
  record: OutputRecord;
}
