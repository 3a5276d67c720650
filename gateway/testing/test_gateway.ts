/** A gateway and a stub core for a test, on free ports and in their own folders. */
import { type GatewayConfig, type GatewayLimits, readConfig } from "../config.ts";
import { type Gateway, startGateway } from "../gateway.ts";
import type { LogFields, LogLevel } from "../../server-common/log.ts";
import { logTo } from "../../server-common/testing/log.ts";
import { certificatePin } from "../../schema/certificate_pin.ts";
import type { KeyPairPem } from "../../server-common/self_signed_certificate.ts";
import { startStubCore, type StubCore, type StubCoreOptions, stubSecret } from "./stub_core.ts";

export interface TestGateway extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly core: StubCore;
  readonly config: GatewayConfig;
  readonly origin: string;
  readonly events: { level: LogLevel; event: string; fields?: LogFields }[];
}

export interface TestGatewayOptions {
  core?: StubCoreOptions;
  limits?: Partial<GatewayLimits>;
  config?: Partial<GatewayConfig>;
  now?: () => number;
  /** a running core, instead of an own stub core */
  connectTo?: { port: number; keyPair: KeyPairPem };
}

/** Both are stopped, and the folder removed, when the result is disposed of. */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const core = await startStubCore(options.core);
  const corePort = options.connectTo?.port ?? core.port;
  const corePin = options.connectTo ? await certificatePin(options.connectTo.keyPair.certificate) : core.pin;
  const directory = await Deno.makeTempDir({ prefix: "qpq-gateway-" });
  const defaults = readConfig((key) =>
    ({
      QPQ_HTTP_PORT: "0",
      QPQ_WT_PORT: "0",
      QPQ_DATA: `${directory}/data`,
      QPQ_WEB_ROOT: `${directory}/web`,
      QPQ_CORE_ADDR: `127.0.0.1:${corePort}`,
      QPQ_CORE_PIN: Array.from(corePin, (byte) => byte.toString(16).padStart(2, "0")).join(""),
      QPQ_CORE_SILENCE_MS: "1000",
      QPQ_GATEWAY_SECRET: new TextDecoder().decode(stubSecret),
    } as Record<string, string>)[key], Deno.readTextFileSync);
  const config = { ...defaults, ...options.config, limits: { ...defaults.limits, ...options.limits } };
  await Deno.mkdir(config.webRoot, { recursive: true });
  const events: TestGateway["events"] = [];
  const gateway = await startGateway(config, {
    log: logTo((level, event, fields) => void events.push({ level, event, fields })),
    now: options.now ?? Date.now,
  });
  return {
    gateway,
    core,
    config,
    events,
    origin: `http://127.0.0.1:${gateway.httpPort}`,
    async [Symbol.asyncDispose]() {
      await gateway.close(0);
      core.close();
      await Deno.remove(directory, { recursive: true });
    },
  };
}
