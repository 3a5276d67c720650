/** Handlers of invite links (docs/decisions/054): `putLink`, `removeLink`, `openLink`, `requestJoin` and its answer. */

import { type Bytes, sha256, toHex } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import type { Handlers } from "../../schema/rpc/server.ts";
import { AddressRates } from "../../server-common/address_rates.ts";
import { TokenBuckets } from "../../server-common/token_bucket.ts";
import type { Caller } from "../caller.ts";
import type { AuthenticationDeps } from "./deps.ts";
import { checkLength, sessionOf } from "./parameters.ts";

/** Links that an address opens in a minute. A token has 256 bits, so this only bounds the work. */
const opensPerMinute = 30;
/** Requests of an account in a minute; of an address twice as many. */
const requestsPerMinute = 5;
/** Bytes of a sealed request. */
const maxSealedBytes = 4096;
/** Accounts that may ask by a link. */
const maxRequests = 1000;
/** How far ahead a link ends. */
const longestMs = 366 * 24 * 3_600_000;
/** Requests of an answer: 40 of 4 KiB fit into a message of 256 KiB. */
const requestsAtOnce = 40;
const idsAtOnce = 100;
/** bytes: X-Wing */
const publicKeyLength = 1216;

/** Serves the calls of those who make links and of those who open them. */
export function addLinkHandlers(
  handlers: Handlers<Caller>,
  { store: { accounts }, config, clock: wall, monotonic: clock = wall, onAccountChanged }: AuthenticationDeps,
): void {
  const opens = new AddressRates({ perMinute: opensPerMinute, clock });
  const perMinute = config.requestJoinPerMinute ?? requestsPerMinute;
  const requestsOfAddress = new AddressRates({ perMinute: 2 * perMinute, clock });
  const requestsOfAccount = new TokenBuckets({ perMinute, clock });

  handlers.unary(authentication.putLink, async ({ linkHash, publicKey, endMs, requests }, { caller }) => {
    const { accountKey } = sessionOf(caller);
    checkLength(linkHash, 32, "linkHash");
    checkLength(publicKey, publicKeyLength, "publicKey");
    const nowMs = wall();
    if (endMs <= nowMs || endMs > nowMs + longestMs) {
      throw new WireError(ErrorCode.malformed, "endMs: in the future, and at most 366 days ahead");
    }
    if (requests < 1 || requests > maxRequests) {
      throw new WireError(ErrorCode.malformed, `requests: 1 to ${maxRequests}`);
    }
    await accounts.putLink({ accountKey, linkHash, publicKey, endMs, requests });
    return {};
  });

  handlers.unary(authentication.removeLink, async ({ linkHash }, { caller }) => {
    checkLength(linkHash, 32, "linkHash");
    await accounts.removeLink({ accountKey: sessionOf(caller).accountKey, linkHash });
    return {};
  });

  handlers.unary(authentication.openLink, async ({ token }, { caller }) => {
    checkWait(opens.take(caller.remoteAddress), "too many links opened");
    const link = await accounts.link({ linkHash: await linkHashOf(token) });
    if (!link) throw new WireError(ErrorCode.linkOver, "there is no such link, or it is over");
    return link;
  });

  handlers.unary(authentication.requestJoin, async ({ token, sealed }, { caller }) => {
    const { accountKey } = sessionOf(caller);
    if (sealed.length > maxSealedBytes) {
      throw new WireError(ErrorCode.payloadTooLarge, `a request of at most ${maxSealedBytes} bytes`);
    }
    if (sealed.length === 0) throw new WireError(ErrorCode.malformed, "an empty request");
    const linkHash = await linkHashOf(token);
    checkWait(requestsOfAccount.take(toHex(accountKey)), "too many requests of an account");
    checkWait(requestsOfAddress.take(caller.remoteAddress), "too many requests of an address");
    const asked = await accounts.requestJoin({ linkHash, accountKey, sealed });
    if (asked.isNew) {
      onAccountChanged?.({ accountKey: asked.accountKey, to: "own", by: new Uint8Array(), acts: false, asked: true });
    }
    return {};
  });

  handlers.unary(authentication.joinRequests, async (_params, { caller }) => ({
    requests: await accounts.joinRequests({ accountKey: sessionOf(caller).accountKey, limit: requestsAtOnce }),
  }));

  handlers.unary(authentication.endJoinRequests, async ({ ids }, { caller }) => {
    if (ids.length > idsAtOnce) throw new WireError(ErrorCode.malformed, `at most ${idsAtOnce} requests a call`);
    await accounts.endJoinRequests({ accountKey: sessionOf(caller).accountKey, ids });
    return {};
  });
}

/** @returns the hash by which a token's link is known @throws WireError E014 */
export async function linkHashOf(token: Bytes): Promise<Bytes> {
  checkLength(token, 32, "token");
  return await sha256(token);
}

function checkWait(waitMs: number, reason: string): void {
  if (waitMs > 0) throw new WireError(ErrorCode.rateLimited, reason, waitMs);
}
