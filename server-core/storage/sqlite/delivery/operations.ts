/** The delivery service's operations on SQLite. */

import type { DeliveryStore } from "../../delivery_store.ts";
import type { Operations } from "../operation.ts";
import { accountChannelOperations } from "./account_channels.ts";
import { blobOperations } from "./blobs.ts";
import { channelOperations } from "./channels.ts";
import { commitOperations } from "./commit.ts";
import { messageOperations } from "./messages.ts";
import { purgeOperations } from "./purge.ts";
import { readingOperations } from "./reading.ts";
import { restoreOperations } from "./restores.ts";

export const deliveryOperations: Operations<DeliveryStore> = {
  ...accountChannelOperations,
  ...channelOperations,
  ...commitOperations,
  ...messageOperations,
  ...readingOperations,
  ...blobOperations,
  ...purgeOperations,
  ...restoreOperations,
};
