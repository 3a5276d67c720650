/** What a browser has of an account. */

import type { Page } from "@playwright/test";
import { storeNames } from "../client/storage/storage.ts";

/**
 * The key that sealed the records, and what the network let through, belong to no account.
 *
 * @returns how many records of an account the browser has, and the names in its localStorage
 */
export async function leftIn(page: Page): Promise<{ records: number; names: string[] }> {
  return await page.evaluate(async (ofAccount) => {
    let records = 0;
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name!);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      for (const store of [...database.objectStoreNames].filter((name) => ofAccount.includes(name))) {
        records += await new Promise<number>((resolve) => {
          const request = database.transaction(store).objectStore(store).count();
          request.onsuccess = () => resolve(request.result);
        });
      }
      database.close();
    }
    return { records, names: Object.keys(localStorage) };
  }, storeNames.filter((name) => name !== "meta").map(String));
}
