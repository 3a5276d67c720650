/** A stub core in its own process, which a test can kill or halt. Its UDP port can then be bound again at once. */
import { type KeyPairPem } from "../../server-common/self_signed_certificate.ts";
import { makeKeyPair, startStubCore } from "./stub_core.ts";

export interface CoreProcess {
  readonly port: number;
  readonly keyPair: KeyPairPem;
  /** SIGKILL, without a close of connections */
  kill(): Promise<void>;
  /** It hangs, until {@link goOn}. */
  hang(): void;
  goOn(): void;
}

/** Starts an echoing core. @param port 0 picks one */
export async function startCoreProcess(port = 0, keyPair?: KeyPairPem): Promise<CoreProcess> {
  const pair = keyPair ?? await makeKeyPair();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--unstable-net", new URL(import.meta.url).pathname],
    env: { STUB_CORE: JSON.stringify({ port, keyPair: pair }) },
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  return {
    port: Number(value),
    keyPair: pair,
    hang: () => child.kill("SIGSTOP"),
    goOn: () => child.kill("SIGCONT"),
    async kill() {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}

if (import.meta.main) {
  const core = await startStubCore(JSON.parse(Deno.env.get("STUB_CORE") ?? "{}"));
  console.log(core.port);
}
