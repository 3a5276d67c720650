import assert from "node:assert/strict";
import { authentication } from "../../../../schema/rpc/methods.ts";
import { answerOf, Rig, TestAccount } from "../../../authentication/testing/rig.ts";
import { random } from "../../../testing/seed.ts";
import { deliveryOperations } from "../delivery/operations.ts";
import { deleteAccount } from "./account_state.ts";

Deno.test("deleteAccount() excludes the account's devices from accounts and channels for good", async () => {
  const rig = new Rig();
  const [alice, bert] = [
    await rig.registered("alice", "a password of hers"),
    await rig.registered("bert", "a password of his"),
  ];
  const { accounts, db } = rig.store;
  const at = { nowMs: rig.nowMs };
  const { recipientKey, deviceId } = bert.device;
  const channelId = random(32);
  deliveryOperations.createChannel(db, { creator: recipientKey, channelId }, at);
  const publish = () =>
    answerOf(
      (async () =>
        deliveryOperations.publish(db, {
          sender: recipientKey,
          channelId,
          epoch: 0,
          messageId: random(16),
          envelope: random(300),
          bodyHash: random(32),
        }, at))(),
    );
  assert.equal(await publish(), "E015", "a member, in an epoch that carries no message");

  deleteAccount(db, bert.list.accountKey, rig.nowMs);
  const again = await TestAccount.create(rig, "bert.again", bert.device);
  for (const when of ["at once", "after a purge"]) {
    assert.equal(await answerOf(again.register("another password")), "E023", when);
    assert.equal(await answerOf(alice.signIn(bert.device)), "E023", when);
    assert.equal(await answerOf(bert.client.call(authentication.getVault, {})), "E003", when);
    assert.equal(await publish(), "E016", when);
    assert.equal(await accounts.isRevoked({ deviceId }), true, when);
    await accounts.purgeExpired();
  }
  await rig.registered("carl", "a password too");
});
