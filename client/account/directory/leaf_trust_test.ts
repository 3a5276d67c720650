import assert from "node:assert/strict";
import { credentialOf } from "../devices/device.ts";
import { rejectsWith, setting } from "./testing/directory_setting.ts";
import { HeldAccount, newDevice } from "./testing/fake_directory.ts";

Deno.test("trust() accepts leaves of the newest list, and asks the server once about others", async () => {
  const { directory, server, bob, phone } = await setting();
  const laptop = await newDevice();
  const credential = credentialOf(await bob.enrolled(phone));
  assert.equal(await directory.trust(credential, phone.recipientKey, "add"), true);
  const { calls } = server;
  assert.equal(await directory.trust(credential, phone.recipientKey, "join"), true);
  assert.equal(server.calls, calls);
  const ofLaptop = credentialOf(await bob.enrolled(laptop, 2));
  assert.match(String(await directory.trust(ofLaptop, laptop.recipientKey, "add")), /not in the newest device list/);
  assert.equal(server.calls, calls + 1);
  server.show(await bob.change([phone, laptop]));
  assert.equal(await directory.trust(ofLaptop, laptop.recipientKey, "add"), true);
  assert.match(
    String(await directory.trust({ ...credential, username: "bobby" }, phone.recipientKey, "add")),
    /another username/,
  );
});

Deno.test("trust() refuses to add a revoked device, but accepts one that is in the tree", async () => {
  const { directory, server, bob, phone } = await setting();
  const laptop = await newDevice();
  const credential = credentialOf(await bob.enrolled(phone));
  await directory.byUsername("bob");
  assert.equal(await directory.isRevoked(credential), false);
  server.show(await bob.change([laptop], [phone.deviceId]));
  assert.equal(await directory.isRevoked(credential), true);
  assert.match(String(await directory.trust(credential, phone.recipientKey, "add")), /revoked/);
  assert.equal(await directory.trust(credential, phone.recipientKey, "join"), true);
  assert.equal(await directory.trust(credential, phone.recipientKey, "member"), true);
});

Deno.test("SERVERS 10: trust() takes a device that a full list has forgotten for a revoked one", async () => {
  const { directory, server, bob, phone } = await setting();
  const laptop = await newDevice();
  const credential = credentialOf(await bob.enrolled(phone));
  await directory.byUsername("bob");
  const ids = (count: number) => Array.from({ length: count }, () => crypto.getRandomValues(new Uint8Array(16)));
  server.show(await bob.change([laptop], [phone.deviceId, ...ids(999)]));
  await directory.refresh([bob.accountKey]);
  const { revoked } = (await directory.byKey(bob.accountKey))!.devices;
  server.show(await bob.change([laptop], [...revoked.slice(1), ...ids(1)]));
  await directory.refresh([bob.accountKey]);
  assert.equal((await directory.byKey(bob.accountKey))!.devices.version, 3, "the list is taken");
  assert.equal(await directory.isRevoked(credential), true);
  assert.notEqual(await directory.trust(credential, phone.recipientKey, "add"), true);
  assert.equal(await directory.trust(credential, phone.recipientKey, "member"), true);
});

Deno.test("trust() refuses a leaf with another account key than the pin, and marks the account", async () => {
  const { directory, server, bob } = await setting();
  await directory.byUsername("bob");
  const tablet = await newDevice();
  const other = await HeldAccount.create("bob", [tablet]);
  server.answers.push(other.answer);
  assert.match(
    String(await directory.trust(credentialOf(await other.enrolled(tablet)), tablet.recipientKey, "add")),
    /pinned to another account key/,
  );
  assert.deepEqual((await directory.byKey(bob.accountKey))?.changedKey, other.accountKey);
});

Deno.test("trust() rejects when the server can not be asked about an unknown leaf", async () => {
  const { directory, server, bob, phone } = await setting();
  const credential = credentialOf(await bob.enrolled(phone));
  server.online = false;
  await rejectsWith(directory.trust(credential, phone.recipientKey, "add"), "L001");
  server.online = true;
  await directory.byUsername("bob");
  server.online = false;
  assert.equal(await directory.trust(credential, phone.recipientKey, "add"), true);
});

Deno.test("PEOPLE A5: isRevoked() rejects where the server can not be asked, and asks nothing known", async () => {
  const { directory, server, bob, phone } = await setting();
  const credential = credentialOf(await bob.enrolled(phone));
  await directory.byUsername("bob");
  server.online = false;
  await rejectsWith(directory.isRevoked(credential), "L001");
  server.online = true;
  server.show(await bob.change([await newDevice()], [phone.deviceId]));
  await directory.refresh([bob.accountKey]);
  server.online = false;
  assert.equal(await directory.isRevoked(credential), true);
});
