/** A running core and its clients, over real QUIC on the loopback. */

import { fromHex } from "../../schema/bytes.ts";
import { RpcClient } from "../../schema/rpc/client.ts";
import { type CallAuth, noAuth } from "../../schema/rpc/calls_and_returns.ts";

export interface Address {
  hostname: string;
  port: number;
}

export interface Connection {
  conn: Deno.QuicConn;
  /** Calls with this session, or without one. */
  as(caller?: { auth: CallAuth }): RpcClient;
  /** Ends the connection and its socket. */
  close(): void;
}

/**
 * @param caPem the core's certificate
 * @param from the address of the client, 127.0.0.0/8
 */
export async function connect(
  { port }: Address,
  caPem: string,
  alpn = "capnp",
  from = "127.0.0.1",
): Promise<Connection> {
  const endpoint = new Deno.QuicEndpoint({ hostname: from, port: 0 });
  try {
    const conn = await Deno.connectQuic({
      hostname: "127.0.0.1",
      port,
      serverName: "localhost",
      alpnProtocols: [alpn],
      caCerts: [caPem],
      endpoint,
      maxIdleTimeout: 10_000,
      keepAliveInterval: 3_000,
    });
    return {
      conn,
      as: (caller) =>
        new RpcClient(() => conn.createBidirectionalStream({ waitUntilAvailable: true }), () => caller?.auth ?? noAuth),
      close: () => {
        conn.close({ closeCode: 0, reason: "done" });
        endpoint.close();
      },
    };
  } catch (error) {
    endpoint.close();
    throw error;
  }
}

export interface ServerProcess {
  address: Address;
  pin: Uint8Array<ArrayBuffer>;
  /** Its certificate, PEM. */
  caPem: string;
  pid: number;
  /** The lines on its stderr so far. */
  log(): string;
  /** The bytes of memory that it holds now (Linux). */
  residentBytes(): number;
  kill(signal: Deno.Signal): void;
  /** Its exit code, after its end. */
  status: Promise<Deno.CommandStatus>;
}

/** Starts `qpq-server` as a process. */
export async function startProcess(dataDir: string, env: Record<string, string> = {}): Promise<ServerProcess> {
  const main = new URL("../main.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--unstable-net", "--no-check", main],
    // One address makes all calls and connections of a test, and often one account, so the limits are high.
    env: {
      QPQ_DATA: dataDir,
      QPQ_LISTEN: "127.0.0.1:0",
      QPQ_CALLS_PER_IP_PER_SECOND: "100000",
      QPQ_CALLS_PER_ACCOUNT_PER_SECOND: "100000",
      QPQ_CONNECTIONS_PER_IP: "10000",
      ...env,
    },
    cwd: new URL("../..", import.meta.url).pathname,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let log = "";
  void child.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (log += text) }),
  ).catch(() => {});
  const ready = Promise.withResolvers<RegExpMatchArray>();
  let out = "";
  void child.stdout.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({
      write(text) {
        out += text;
        const found = out.match(/^qpq-server: ready addr=(\S+):(\d+) pin=([0-9a-f]{64})$/m);
        if (found) ready.resolve(found);
      },
    }),
  ).catch(() => {});
  void child.status.then(({ code }) => ready.reject(new Error(`the server ended with ${code}: ${log}`)));
  const [, hostname, port, pin] = await ready.promise;
  return {
    address: { hostname, port: Number(port) },
    pin: fromHex(pin),
    caPem: await Deno.readTextFile(`${dataDir}/core-cert.pem`),
    pid: child.pid,
    log: () => log,
    residentBytes: () =>
      Number(Deno.readTextFileSync(`/proc/${child.pid}/status`).match(/VmRSS:\s+(\d+) kB/)![1]) * 1024,
    kill: (signal) => {
      try {
        child.kill(signal);
      } catch (error) {
        // The process may have ended by itself.
        if (!(error instanceof TypeError)) throw error;
      }
    },
    status: child.status,
  };
}

/** Runs a test with its own directory. */
export async function withTempDir(test: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "qpq-quic-" });
  try {
    await test(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
