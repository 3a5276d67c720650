/** In which order devices do what one of them is enough for. */

import { toHex } from "../../../schema/bytes.ts";

/**
 * @param devices recipientKeys
 * @param own this device's
 * @param channelId what is done there; other channels have other orders
 * @returns how many of the devices come before this one, in the order of recipientKey ⊕ channelId; undefined where it is
 *   not among them
 */
export function turnOf(devices: Uint8Array[], own: Uint8Array, channelId: Uint8Array): number | undefined {
  const place = (key: Uint8Array) => toHex(key.map((byte, index) => byte ^ channelId[index]));
  const places = devices.map(place);
  const mine = place(own);
  return places.includes(mine) ? places.filter((other) => other < mine).length : undefined;
}
