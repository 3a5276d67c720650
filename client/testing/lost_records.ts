/** Records that a device has lost, as a damaged disk loses them. */

import { SealedStore } from "../storage/sealed_store.ts";
import type { Person } from "./person.ts";

/**
 * Deletes records of a device, which is not running afterwards.
 *
 * @param prefix of their keys; of the epochs, the whole key: a chat's id for its MLS state
 */
export async function lose(person: Person, store: "keypackages" | "epochs", prefix = ""): Promise<void> {
  await person.engine.close();
  person.storage = person.storage.restarted();
  const disk = new SealedStore(person.storage, person.wrappingKey);
  await disk.takeFence();
  await disk.write({
    deletes: (await disk.range(store, prefix)).filter(({ key }) => store !== "epochs" || key === prefix).map((
      { key },
    ) => ({ store, key })),
  });
  person.storage = person.storage.restarted();
}
