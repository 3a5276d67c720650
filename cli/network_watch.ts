/**
 * Detects changes of the network by polling the addresses of this device. Deno has no event for them, and a
 * connection without a network is noticed after seconds only.
 */

/** How often the list of addresses is read, in ms. A read takes a fraction of a ms. */
const lookEveryMs = 100;

export interface NetworkWatchOptions {
  /** @returns the interfaces that are up now, one entry for each address */
  interfaces(): Pick<Deno.NetworkInterfaceInfo, "name" | "address">[];
  /** Called after each change of the addresses: loss and return alike. */
  onChange(): void;
  everyMs?: number;
}

/**
 * Watches the addresses until the watch is ended. A system that does not list its addresses is not watched.
 *
 * @returns a function that ends the watch
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
      // The system fails while an interface goes down. The next read succeeds.
    }
    if (now === last) return;
    last = now;
    onChange();
  }, everyMs);
  return () => clearInterval(timer);
}
