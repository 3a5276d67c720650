import "fake-indexeddb/auto";
import { IndexedDbStorage } from "./indexeddb.ts";
import { MemoryStorage } from "./testing/memory.ts";
import { storageContract } from "./testing/contract.ts";

let databases = 0;

storageContract("MemoryStorage", () => Promise.resolve(new MemoryStorage()));
storageContract("IndexedDbStorage", () => IndexedDbStorage.open(`contract-${databases++}`));
