/**
 * `npm start`: installs what is missing, builds, runs core and gateway, prints the address to open, ends
 * cleanly on Ctrl+C.
 */

import { accessSync, constants, mkdirSync } from "node:fs";
import { buildIfStale } from "./build.mjs";
import { installPackages } from "./install.mjs";
import { whenNpmEnds } from "./npm_parent.mjs";
import { dataFolder, makePathsAbsolute } from "./paths.mjs";

// A terminal that was closed takes nothing any more; what is written to it must not end this process before it has
// ended the services.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

makePathsAbsolute(process.env);
const dataDir = dataFolder(process.env);

installPackages();
if (!process.env.QPQ_WEB_ROOT) buildIfStale();
const { startCore, startGateway, stopService } = await import("./stack.mjs");

const log = (name) => (line) => console.error(`[${name}] ${line}`);
/**
 * Ctrl+C goes to every process of the terminal's group; the services are in groups of their own, so that they
 * hear of it from us: the gateway first, then the core. When this process can not tell them, because it was killed,
 * they notice by themselves (stack.mjs).
 */
const running = new Map();
let stopping = false;

/**
 * Starts a service again when it dies, unless it died young five times in a row: then something is wrong that
 * a restart does not mend.
 */
async function supervise(name, start, youngDeaths = 0) {
  const service = await start();
  running.set(name, service);
  const startedMs = Date.now();
  void service.exited.then(async (code) => {
    if (stopping) return;
    console.error(`${name} ended (${code ?? "killed"}); starting it again`);
    const young = Date.now() - startedMs < 1000 ? youngDeaths + 1 : 0;
    if (young === 5) await stop(1);
    else await supervise(name, start, young).catch((error) => fail(error));
  });
  return service;
}

async function stop(exitCode) {
  if (stopping) return;
  stopping = true;
  const gateway = running.get("qpq-gateway");
  const core = running.get("qpq-server");
  if (gateway) await stopService(gateway);
  if (core) await stopService(core);
  if (gateway || core) console.log("Stopped.");
  process.exit(exitCode);
}

/** @throws Error with a sentence for the operator */
function makeDataFolder() {
  try {
    mkdirSync(dataDir, { recursive: true });
    accessSync(dataDir, constants.W_OK);
  } catch (error) {
    throw new Error(`QPQ_DATA_DIR: ${dataDir} can not be made or written: ${error.code}`);
  }
}

function fail(error) {
  console.error(error.message);
  void stop(1);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => void stop(0));
whenNpmEnds(() => void stop(0));

try {
  makeDataFolder();
  const listen = process.env.QPQ_LISTEN || "127.0.0.1:7443";
  const core = await supervise(
    "qpq-server",
    () => startCore(dataDir, { QPQ_LISTEN: listen }, { log: log("core"), detached: true }),
  );
  const gateway = await supervise(
    "qpq-gateway",
    () => startGateway(dataDir, core.ready.addr, {}, { log: log("gateway"), detached: true }),
  );
  console.log(
    `\nquicproquo is running. Open http://localhost:${gateway.ready.http}\n(WebTransport on UDP ` +
      `${gateway.ready.webtransport}; data in ${dataDir}; Ctrl+C stops it)\n(qpq: --server ${core.ready.addr} ` +
      `--pin ${core.ready.pin})`,
  );
} catch (error) {
  fail(error);
}
