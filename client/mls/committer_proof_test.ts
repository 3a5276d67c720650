import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { ciphersuite } from "../crypto/provider.ts";

import { forgeCommit, type ForgedCommit, remove } from "./testing/forge.ts";
import { randomId } from "./testing/group.ts";
import { alice, bob, devices, infoProposal, mls } from "./testing/rules.ts";
import { infoOf } from "./state.ts";

/** How alice refuses a commit, and whom the refusal proves to have made it. */
async function refusal(forged: ForgedCommit): Promise<[string, string | undefined]> {
  const result = await mls.processCommit(alice, forged);
  return result.kind === "rejected" ? [result.code, result.by && toHex(result.by)] : [result.kind, undefined];
}

const bobKey = toHex(devices[1].keyPair.publicKey);

Deno.test("PEOPLE A1: a refused commit proves its maker where what was signed breaks a rule by itself", async () => {
  const noAdmin = infoProposal({ ...infoOf(bob), name: "bob's" });
  assert.deepEqual(await refusal(await forgeCommit(bob, alice, { proposals: [noAdmin] })), ["GRP-2.5", bobKey]);
  assert.deepEqual(await refusal(await forgeCommit(bob, alice, { psks: [] })), ["GRP-2.3", bobKey]);
  const liar = await forgeCommit(bob, alice, { data: { added: [new Uint8Array(32)] } });
  assert.deepEqual(await refusal(liar), ["GRP-1.3", bobKey]);
});

Deno.test("PEOPLE A1: nobody is blamed for what a server can make of a good commit, or a member with it", async () => {
  const honest = await forgeCommit(bob, alice, {});
  assert.deepEqual(await refusal(honest), ["processed", undefined]);
  assert.deepEqual(await refusal({ ...honest, commitId: randomId() }), ["GRP-1.2", undefined], "under another id");
  // Right where the device is revoked, which the server may not have told.
  const removal = await forgeCommit(bob, alice, { proposals: [remove(2)], removed: [devices[2].keyPair.publicKey] });
  assert.deepEqual(await refusal(removal), ["GRP-3.3", undefined]);
  const mac = ciphersuite.hash.mac;
  ciphersuite.hash.mac = async (key, data) => (await mac(key, data)).map((byte) => byte ^ 1);
  const tagged = await forgeCommit(bob, alice, {}).finally(() => ciphersuite.hash.mac = mac);
  assert.deepEqual(await refusal(tagged), ["mls", undefined], "another confirmation tag");
});
