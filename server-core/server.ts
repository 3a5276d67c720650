/** Assembles the core: storage, both services, the listener. */

import { authorizeCall } from "./authentication/authorize.ts";
import { authenticationHandlers } from "./authentication/handlers.ts";
import { watchOutsideChanges } from "./authentication/outside_changes.ts";
import { Sessions } from "./authentication/sessions.ts";
import { CallLimits } from "./call_limits.ts";
import type { Caller } from "./caller.ts";
import { Calls } from "./calls.ts";
import { type CoreCertificate, keptCertificate, loadCertificate } from "./certificate.ts";
import { ConfigError } from "../server-common/config.ts";
import { listenError } from "../server-common/listen_error.ts";
import type { ServerConfig } from "./config.ts";
import { watchDisk } from "./disk_metrics.ts";
import { BlobFiles } from "./delivery/blob_files.ts";
import { purgeDelivery } from "./delivery/blobs.ts";
import { PartialBlobs } from "./delivery/partial_blobs.ts";
import { BodyBudget } from "./delivery/body_budget.ts";
import { additions, commitRates } from "./delivery/commit.ts";
import type { DeliveryDependencies } from "./delivery/dependencies.ts";
import { type AccountChange, DeviceNotices } from "./delivery/device_notices.ts";
import { deliveryHandlers } from "./delivery/handlers.ts";
import { LiveDevices } from "./delivery/live.ts";
import { Uploads } from "./delivery/uploads.ts";
import { DiskSpace } from "./disk_space.ts";
import { drain } from "./drain.ts";
import { keepClock } from "./kept_clock.ts";
import { Listener } from "./listener.ts";
import { errorFields, type Log } from "../server-common/log.ts";
import { replaceFile } from "../server-common/replace_file.ts";
import { Metrics } from "./metrics.ts";
import { serveMetrics } from "../server-common/metrics_endpoint.ts";
import { OpaquePool } from "./opaque/pool.ts";
import type { OpaqueServerKeys } from "./opaque/server_keys.ts";
import { watchState } from "./state_metrics.ts";
import { TrustedClock } from "./trusted_clock.ts";
import { openStore } from "./storage/open_store.ts";
import type { Store, StoreOptions } from "./storage/store.ts";
import type { Method } from "../schema/rpc/methods.ts";
import { Handlers } from "../schema/rpc/server.ts";

/** The name of this build in `health`. */
const build = "quicproquo 0.1.0";

/** A quiet subscription sends a heartbeat this often (delivery.capnp). */
const heartbeatMs = 20_000;
const purgeEveryMs = 3_600_000;
/** Memory for commits that are being received: seven of the largest, and 64 or more small ones. */
const bodyBytes = { largeBytes: 7 * 16 * 1024 * 1024, smallBytes: 16 * 1024 * 1024 };
const admissionTimeoutMs = 10_000;
/** The share of its memory from which on the core closes the greediest connection. */
const watermark = 0.75;

export interface Server {
  /** The address on which the core listens. */
  address: { hostname: string; port: number };
  /** 32 bytes: the pin of its certificate. */
  pin: Uint8Array<ArrayBuffer>;
  /** The port of the metrics, if they are served. */
  metricsPort?: number;
  metrics: Metrics;
  /** Shuts down: see drain.ts. Idempotent. */
  drain(): Promise<void>;
}

export interface ServerOptions {
  log: Log;
  /** The machine's clock, ms since the Unix epoch (default: `Date.now`). */
  now?: () => number;
  /** Whole ms since any moment, unmoved by corrections of the clock (default: `performance.now`). */
  monotonic?: () => number;
  /** Storage has ended with an error: nothing can be acknowledged any more. */
  onDead?: (error: Error) => void;
}

/**
 * Starts a server.
 *
 * @throws DataInUseError when the data directory is in use, StorageFormatError for foreign data, ConfigError
 *   for certificate files that can not be used, Deno.errors when the port is not available
 */
export async function startServer(
  config: ServerConfig,
  { log, now: machine = Date.now, monotonic = () => Math.trunc(performance.now()), onDead }: ServerOptions,
): Promise<Server> {
  const metrics = new Metrics();
  const clock = new TrustedClock({ machine, monotonic });
  const now = () => clock.now();
  const store = await openStore(config, { now, onDead, ...storeWatch(metrics, log) });
  let services: Services | undefined;
  let stopClock: (() => Promise<void>) | undefined;
  try {
    let onAccepted = () => {};
    const kept = await keepClock({ clock, store: store.clock, log, metrics, onAccepted: () => onAccepted() });
    stopClock = kept.stop;
    const certificate = await ownCertificate(config, now());
    const disk = new DiskSpace({ dataDir: config.dataDir, reservePercent: config.diskReservePercent, log });
    const limits = new CallLimits({
      perAddressPerSecond: config.callsPerIpPerSecond,
      perAccountPerSecond: config.callsPerAccountPerSecond,
      clock: monotonic,
    });
    const { calls, live, stop, purge } = services = await startServices(config, store, limits, {
      log,
      clock,
      monotonic,
      metrics,
      disk,
      onOutsideChange: kept.look,
    });
    onAccepted = purge;
    const listener = listen(config, {
      certificate,
      admission: { secret: config.gatewaySecret, pin: certificate.pin, timeoutMs: admissionTimeoutMs },
      maxConnections: config.maxConnections,
      connectionsPerAddress: config.connectionsPerIp,
      memoryBytes: watermark * config.memoryBytes,
      turn: (remoteAddress) => limits.stream(remoteAddress),
      serve: (stream, from) => calls.serve(stream, from),
      log,
      metrics,
    });
    const refresh = watchState(metrics, {
      certificatePem: certificate.certificatePem,
      store,
      disk,
      now,
    });
    watchDisk(metrics, config.dataDir);
    const endpoint = config.metrics && await metricsEndpoint(config.metrics, async () => {
      await refresh();
      return metrics.render();
    });
    let draining: Promise<void> | undefined;
    const shutDown = async () => {
      await drain({ calls, live, listener });
      await endpoint?.close();
      await stop();
      await kept.stop();
      await store.close();
    };
    return {
      address: listener.address,
      pin: certificate.pin,
      metricsPort: endpoint?.port,
      metrics,
      drain: () => draining ??= shutDown(),
    };
  } catch (error) {
    await services?.stop();
    await stopClock?.();
    await store.close();
    throw error;
  }
}

/** @throws ConfigError when the address is in use, or is not of this machine */
function listen(
  { listen: address }: ServerConfig,
  options: Omit<ConstructorParameters<typeof Listener>[0], "hostname" | "port">,
): Listener {
  try {
    return new Listener({ ...address, ...options });
  } catch (error) {
    throw listenError(error, { address: address.hostname, port: address.port, portKey: "QPQ_LISTEN" });
  }
}

/** Counts what the store tells. */
function storeWatch(metrics: Metrics, log: Log): Pick<StoreOptions, "onCommitted" | "onQueueFailed"> {
  const countLost = (entries: number) =>
    metrics.count("qpq_queue_failures_total", "entries left out because a device's queue has failed", {}, entries);
  // It is there before the first one, so that Prometheus sees that as an increase.
  countLost(0);
  return {
    onCommitted(commitMs, operations) {
      metrics.observe("qpq_storage_commit_seconds", "time of a transaction's commit with its fsync", commitMs / 1000);
      metrics.count(
        "qpq_storage_operations_total",
        "storage operations committed; divided by commits: how many share an fsync",
        {},
        operations,
      );
    },
    onQueueFailed(entries) {
      countLost(entries);
      log.error("a device's queue failed", { entries });
    },
  };
}

/** @throws ConfigError when the port can not be had */
async function metricsEndpoint(
  at: NonNullable<ServerConfig["metrics"]>,
  render: () => Promise<string>,
): ReturnType<typeof serveMetrics> {
  try {
    return await serveMetrics(render, at);
  } catch (error) {
    const { bind: address, port } = at;
    throw listenError(error, { address, port, portKey: "QPQ_METRICS_PORT", addressKey: "QPQ_METRICS_BIND" });
  }
}

/** The operator's, which others then find beside the data, or one of its own. @throws ConfigError */
async function ownCertificate({ certificate: files, dataDir }: ServerConfig, nowMs: number): Promise<CoreCertificate> {
  if (!files) return await keptCertificate(dataDir, nowMs);
  const certificate = await givenCertificate(files);
  await replaceFile(`${dataDir}/core-cert.pem`, certificate.certificatePem, 0o644);
  return certificate;
}

/** @throws ConfigError */
async function givenCertificate(files: { certificate: string; key: string }): Promise<CoreCertificate> {
  try {
    return await loadCertificate(files);
  } catch (error) {
    throw new ConfigError("QPQ_CORE_CERT, QPQ_CORE_KEY", (error as Error).message);
  }
}

/** Made at the first start. Later starts do not load the library, which takes a tenth of a second. */
async function opaqueServerKeys({ accounts }: Store): Promise<OpaqueServerKeys> {
  const stored = await accounts.opaqueServerKeys();
  if (stored) return stored;
  const { generateOpaqueServerKeys } = await import("./opaque/server_keys.ts");
  return await accounts.ensureOpaqueServerKeys(await generateOpaqueServerKeys());
}

/** One core is left to everybody who is signed in: sign-ins can be asked for by anybody. */
function opaqueThreads(): number {
  return Math.min(2, Math.max(1, navigator.hardwareConcurrency - 1));
}

interface Services {
  calls: Calls;
  live: LiveDevices;
  /** Ends the background work. */
  stop(): Promise<void>;
  /** Deletes what is over. */
  purge(): void;
}

interface ServicesOptions {
  log: Log;
  clock: TrustedClock;
  monotonic: () => number;
  metrics: Metrics;
  disk: DiskSpace;
  onOutsideChange: () => void;
}

async function startServices(
  config: ServerConfig,
  store: Store,
  limits: CallLimits,
  { log, clock, monotonic, metrics, disk, onOutsideChange }: ServicesOptions,
): Promise<Services> {
  const now = () => clock.now();
  const live = new LiveDevices();
  metrics.gauge("qpq_subscriptions", "open subscriptions", () => live.size);
  const notices = new DeviceNotices({ store: store.delivery, live, now, log });
  const handlers = new Handlers<Caller>();
  const opaque = new OpaquePool({ keys: await opaqueServerKeys(store), workers: opaqueThreads() });
  const sessions = new Sessions({ accounts: store.accounts, clock: now });
  const stopWatching = await watchOutsideChanges({
    accounts: store.accounts,
    sessions,
    live,
    log,
    onChange: onOutsideChange,
  });
  const authentication = {
    store,
    opaque,
    sessions,
    config,
    clock: now,
    monotonic,
    onSessionsEnded: (sessionIds: Uint8Array[]) => live.endSessions(sessionIds),
    onAccountChanged: (change: AccountChange) => notices.changed(change),
  };
  authenticationHandlers(handlers, authentication);
  const authorize = authorizeCall(authentication);
  const room = (method: Method) => disk.admit(method);
  const calls: Calls = new Calls({ handlers, authorize, limits, room, log, metrics });
  const deliveryDeps: DeliveryDependencies = {
    store: store.delivery,
    live,
    blobs: await BlobFiles.open(`${config.dataDir}/blobs`),
    partials: await PartialBlobs.open(`${config.dataDir}/blobs`),
    blobLimits: config.blobs,
    uploads: new Uploads(),
    disk,
    queueAgeMs: config.queueAgeMs,
    bodies: new BodyBudget(bodyBytes),
    additions: additions(monotonic),
    commits: commitRates(monotonic),
    countCalls: (caller, count) => limits.count(caller, count),
    now,
    draining: () => calls.draining,
    restored: await store.delivery.lastRestore(),
    build,
    heartbeatMs,
  };
  deliveryHandlers(handlers, deliveryDeps);
  let purging = Promise.resolve();
  const purge = () => {
    if (!clock.mayPurge) return;
    purging = purging.then(() => Promise.all([store.accounts.purgeExpired(), purgeDelivery(deliveryDeps)])).then(
      () => {},
      (error) => log.error("purge failed", errorFields(error)),
    );
  };
  purge();
  const timer = setInterval(purge, purgeEveryMs);
  const stop = async () => {
    clearInterval(timer);
    await purging;
    await notices.close();
    await stopWatching();
    opaque.close();
  };
  return { calls, live, stop, purge };
}
