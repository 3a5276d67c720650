/**
 * Noticing that the network went or came: no event of Deno's says so, and left alone a connection that lost
 * its network is believed in for half a minute.
 */

/** How often the list of addresses is looked at, in ms; a look takes a fraction of a ms. */
const lookEveryMs = 100;

export interface NetworkWatchOptions {
  /** What the system has at the moment: the interfaces that are up, one entry an address. */
  interfaces(): Pick<Deno.NetworkInterfaceInfo, "name" | "address">[];
  /** Told after each change of the addresses, loss and return alike. */
  onChange(): void;
  everyMs?: number;
}

/**
 * Looks until the watch is ended. A system that does not tell its addresses is not watched.
 *
 * @returns ends the watch
 */
export function watchNetwork({ interfaces, onChange, everyMs = lookEveryMs }: NetworkWatchOptions): () => void {
  const addresses = () => interfaces().map(({ name, address }) => `${name} ${address}`).sort().join("\n");
  let last: string;
  try {
    last = addresses();
  } catch {
    return () => {};
  }
  const timer = setInterval(() => {
    let now = last;
    try {
      now = addresses();
    } catch {
      // Asked while an interface was going: the next look tells.
    }
    if (now === last) return;
    last = now;
    onChange();
  }, everyMs);
  return () => clearInterval(timer);
}
