/**
 * Starts the core and the gateway as processes, each told to be ready by its own word. Used by `npm start`,
 * the browser tests and the benchmarks.
 */

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { deno, root, webRoot } from "./paths.mjs";
import { coreFlags, gatewayFlags } from "./permissions.mjs";

/**
 * @typedef {object} Service a running process
 * @property {import("node:child_process").ChildProcess} process
 * @property {Record<string, string>} ready the `key=value` pairs of its ready line
 * @property {Promise<number | null>} exited its exit code, or null when a signal ended it
 */

/**
 * @param {string} name "qpq-server" or "qpq-gateway": how its ready line starts
 * @param {string[]} args for Deno
 * @param {Record<string, string>} env added to the environment
 * @param {{ log?: (line: string) => void, detached?: boolean }} [options] where its stderr goes, line by
 *   line; whether Ctrl+C in the terminal leaves it to us
 * @returns {Promise<Service>} when it is ready
 */
async function startService(name, args, env, { log = () => {}, detached = false } = {}) {
  // Nothing is written into its standard input. It ends when this process does, by SIGKILL too, and so does the service
  // (server-common/process.ts).
  const child = spawn(deno, args, {
    cwd: root,
    env: { ...process.env, ...env, QPQ_END_WITH_STDIN: "1" },
    stdio: ["pipe", "pipe", "pipe"],
    detached,
  });
  const exited = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
  const lastLines = [];
  const refusals = [];
  let isReady = false;
  createInterface({ input: child.stderr }).on("line", (line) => {
    // Why it does not start is told once, by the error below.
    if (!isReady && /^qpq-\w+: (error|hint): /.test(line)) return void refusals.push(line);
    lastLines.push(line);
    if (lastLines.length > 20) lastLines.shift();
    log(line);
  });
  const ready = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith(`${name}: ready`)) {
        isReady = true;
        resolve(Object.fromEntries([...line.matchAll(/(\w+)=(\S+)/g)].map(([, key, value]) => [key, value])));
      } else log(line);
    });
    child.once("error", reject);
    // "close": all that it has written is read, too.
    child.once("close", (code) => {
      const why = refusals.length > 0
        ? refusals.join("\n")
        : `${name} ended with code ${code} before it was ready:\n${lastLines.join("\n")}`;
      reject(new Error(why));
    });
  });
  return { process: child, ready, exited };
}

/** Makes the secret that gateway and core share, once a data folder. */
export function gatewaySecretFile(dataDir) {
  mkdirSync(dataDir, { recursive: true });
  const file = `${dataDir}/gateway-secret`;
  if (!existsSync(file)) {
    // A start that is cut off leaves no half a secret.
    writeFileSync(`${file}.new`, randomBytes(32).toString("hex"), { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
  }
  return file;
}

/**
 * @param {string} dataDir holds `core/` and the gateway secret
 * @param {Record<string, string>} [env]
 * @param {{ log?: (line: string) => void, detached?: boolean }} [options]
 */
export function startCore(dataDir, env = {}, options) {
  const all = { QPQ_DATA: `${dataDir}/core`, QPQ_GATEWAY_SECRET_FILE: gatewaySecretFile(dataDir), ...env };
  mkdirSync(all.QPQ_DATA, { recursive: true, mode: 0o700 });
  const args = ["run", ...coreFlags({ ...process.env, ...all }), `${root}/server-core/main.ts`];
  return startService("qpq-server", args, all, options);
}

/**
 * @param {string} dataDir the core's; the gateway keeps its certificate in `gateway/`
 * @param {string} coreAddr host:port of the core
 * @param {Record<string, string>} [env]
 * @param {{ log?: (line: string) => void, detached?: boolean }} [options]
 */
export function startGateway(dataDir, coreAddr, env = {}, options) {
  const own = {
    QPQ_DATA: `${dataDir}/gateway`,
    QPQ_CORE_ADDR: coreAddr,
    QPQ_CORE_CA: `${dataDir}/core/core-cert.pem`,
    QPQ_GATEWAY_SECRET_FILE: gatewaySecretFile(dataDir),
    QPQ_WEB_ROOT: process.env.QPQ_WEB_ROOT || webRoot,
  };
  mkdirSync(`${dataDir}/gateway`, { recursive: true });
  const all = { ...own, ...env };
  const args = ["run", ...gatewayFlags({ ...process.env, ...all }), `${root}/gateway/main.ts`];
  return startService("qpq-gateway", args, all, options);
}

/** Asks a service to end, and ends it for good when it does not within `withinMs`. */
export async function stopService(service, withinMs = 8000) {
  service.process.kill("SIGTERM");
  const timer = setTimeout(() => service.process.kill("SIGKILL"), withinMs);
  const code = await service.exited;
  clearTimeout(timer);
  return code;
}

/** @returns {string} the PEM of the core's certificate, for a direct client */
export function coreCertificate(dataDir) {
  return readFileSync(`${dataDir}/core/core-cert.pem`, "utf8");
}
