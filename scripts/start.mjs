/**
 * `npm start`: installs what is missing, builds, runs core and gateway, prints the address to open, ends
 * cleanly on Ctrl+C.
 */

import { buildIfStale } from "./build.mjs";
import { installPackages } from "./install.mjs";
import { root } from "./paths.mjs";

installPackages();
buildIfStale();
const { startCore, startGateway, stopService } = await import("./stack.mjs");

const dataDir = process.env.QPQ_DATA_DIR ?? `${root}/data`;
const log = (name) => (line) => console.error(`[${name}] ${line}`);
/**
 * Ctrl+C goes to every process of the terminal's group; the services are in groups of their own, so that they
 * hear of it from us: the gateway first, then the core.
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

function fail(error) {
  console.error(error.message);
  void stop(1);
}

process.on("SIGINT", () => void stop(0));
process.on("SIGTERM", () => void stop(0));

try {
  const { QPQ_LISTEN: listen = "127.0.0.1:7443" } = process.env;
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
