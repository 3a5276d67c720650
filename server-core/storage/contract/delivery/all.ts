/** All behaviours of a delivery store. */

import type { DeliveryStore } from "../../delivery_store.ts";
import type { Behaviour } from "../behaviour.ts";
import { accountChannelBehaviours } from "./account_channels.ts";
import { acknowledgingBehaviours } from "./acknowledging.ts";
import { blobBehaviours } from "./blobs.ts";
import { channelBehaviours } from "./channels.ts";
import { commitBehaviours } from "./commit.ts";
import { commitRefusalBehaviours } from "./commit_refusals.ts";
import { directBehaviours } from "./direct.ts";
import { limitBehaviours } from "./limits.ts";
import { messageBehaviours } from "./messages.ts";
import { orderedMessageBehaviours } from "./messages_in_order.ts";
import { placeBehaviours } from "./places.ts";
import { purgeBehaviours } from "./purge.ts";
import { readingBehaviours } from "./reading.ts";
import { retentionBehaviours } from "./retention.ts";

export const deliveryBehaviours: Behaviour<keyof DeliveryStore>[] = [
  ...channelBehaviours,
  ...accountChannelBehaviours,
  ...commitBehaviours,
  ...commitRefusalBehaviours,
  ...messageBehaviours,
  ...orderedMessageBehaviours,
  ...placeBehaviours,
  ...directBehaviours,
  ...readingBehaviours,
  ...acknowledgingBehaviours,
  ...limitBehaviours,
  ...purgeBehaviours,
  ...retentionBehaviours,
  ...blobBehaviours,
];
