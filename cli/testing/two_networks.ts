/**
 * Two networks with a cable between them that a test can pull: Linux network namespaces, which end with the
 * test.
 */

const decoder = new TextDecoder();

/** Root can create a network directly. Other users need a user namespace in which they are root. */
const isRoot = Deno.uid() === 0;

/** The command that starts a program in the network that a process holds. */
const within = (
  pid: number,
) => ["nsenter", "--target", String(pid), "--net", ...(isRoot ? [] : ["--user", "--preserve-credentials"])];

async function must(command: string[]): Promise<void> {
  const [program, ...args] = command;
  const { success, stderr } = await new Deno.Command(program, { args, stdout: "null" }).output();
  if (!success) throw new Error(`${command.join(" ")}: ${decoder.decode(stderr)}`);
}

/** Holds a namespace by a process that only waits. */
async function namespace(prefix: string[], options: string[]): Promise<Deno.ChildProcess> {
  const [program, ...args] = [...prefix, "unshare", ...options, "sh", "-c", "echo ready; exec sleep infinity"];
  const holder = new Deno.Command(program, { args, stdout: "piped" }).spawn();
  const reader = holder.stdout.getReader();
  const { done } = await reader.read();
  await reader.cancel();
  if (done) throw new Error("no namespace could be made");
  return holder;
}

export class TwoNetworks {
  /** The addresses of the two networks. */
  static readonly serverHost = "10.77.0.1";
  static readonly clientHost = "10.77.0.2";
  readonly #server: Deno.ChildProcess;
  readonly #client: Deno.ChildProcess;

  private constructor(server: Deno.ChildProcess, client: Deno.ChildProcess) {
    this.#server = server;
    this.#client = client;
  }

  static async make(): Promise<TwoNetworks> {
    const server = await namespace([], [...(isRoot ? [] : ["--user", "--map-root-user"]), "--net"]);
    const client = await namespace(within(server.pid), ["--net"]);
    const networks = new TwoNetworks(server, client);
    await must([
      ...networks.inServer,
      "ip",
      "link",
      "add",
      "cable",
      "type",
      "veth",
      "peer",
      "name",
      "plug",
      "netns",
      String(client.pid),
    ]);
    await must([...networks.inServer, "ip", "address", "add", `${TwoNetworks.serverHost}/24`, "dev", "cable"]);
    await must([...networks.inClient, "ip", "address", "add", `${TwoNetworks.clientHost}/24`, "dev", "plug"]);
    for (
      const command of [[...networks.inServer, "ip", "link", "set", "lo", "up"], [
        ...networks.inServer,
        "ip",
        "link",
        "set",
        "cable",
        "up",
      ], [...networks.inClient, "ip", "link", "set", "lo", "up"]]
    ) await must(command);
    await networks.plugIn();
    return networks;
  }

  /** The command that starts a program in the server's network. */
  get inServer(): string[] {
    return within(this.#server.pid);
  }

  get inClient(): string[] {
    return within(this.#client.pid);
  }

  async pull(): Promise<void> {
    await must([...this.inClient, "ip", "link", "set", "plug", "down"]);
  }

  async plugIn(): Promise<void> {
    await must([...this.inClient, "ip", "link", "set", "plug", "up"]);
  }

  async remove(): Promise<void> {
    for (const holder of [this.#client, this.#server]) {
      holder.kill("SIGKILL");
      await holder.status;
    }
  }
}
