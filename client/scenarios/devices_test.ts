import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { password, Person, suite } from "../testing/person.ts";
import { Wiretap } from "../testing/wiretap.ts";

const next = "another horse, another battery";

suite("several devices of an account", {
  "a revoked device is out of every conversation, reads nothing that follows, and its session is over": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const direct = await anna.engine.startChat([bert.username]);
    const trio = await bert.engine.startChat([anna.username, carl.username], "Three");
    await anna.sees(trio);
    const stolen = await anna.secondDevice(core);
    try {
      await anna.crash();
      for (const chatId of [direct, trio]) await stolen.sees(chatId);
      await bert.says(trio, "all of us");
      await stolen.until(
        async () => (await stolen.texts(trio)).includes("all of us"),
        "a message before it is revoked",
      );
      const { deviceId } = await stolen.engine.account() as { deviceId: string };
      await anna.connected();
      await anna.engine.revokeDevice(deviceId, password);
      const gone = `device-removed ${anna.username} ${deviceId.slice(0, 8)}`;
      for (
        const [person, chatId] of [[anna, direct], [bert, direct], [anna, trio], [bert, trio], [carl, trio]] as const
      ) {
        await person.until(
          async () => (await person.notices(chatId)).includes(gone),
          `the line about the device in ${chatId.slice(0, 8)}`,
        );
      }
      await carl.says(trio, "without the thief");
      await anna.until(async () => (await anna.texts(trio)).includes("without the thief"), "what follows");
      await stolen.until(async () => (await stolen.engine.account()).kind === "ended", "the end of its session");
      assert.deepEqual((await anna.engine.devices()).map(({ current }) => current), [true]);
    } finally {
      await stolen.close();
    }
  },

  "a new recovery code is shown though the answer to it is lost: the one before is void": async ({ core, join }) => {
    const anna = await join("anna");
    const tap = new Wiretap();
    anna.wrapTransport = tap.wrap;
    await anna.crash();
    await anna.connected();
    tap.losesAnswer = ({ method }) => method === "putVault";
    const { recoveryCode } = await anna.engine.newRecoveryCode(password);
    tap.losesAnswer = () => false;
    const fresh = await Person.device(core, anna.username, 78);
    try {
      await fresh.engine.recover(anna.username, recoveryCode, next);
      assert.equal((await fresh.engine.account()).kind, "signed-in");
    } finally {
      await fresh.close();
    }
  },

  "an account is made, and recovered, though the answers are lost: the name would be taken, the code void": async ({
    core,
  }) => {
    const name = "lena";
    const tap = new Wiretap();
    const tapped = async (seed: number) => {
      const person = await Person.device(core, name, seed);
      person.wrapTransport = tap.wrap;
      await person.crash();
      return person;
    };
    const [first, second] = [await tapped(79), await tapped(80)];
    try {
      tap.losesAnswer = ({ method }) => method === "registerFinish" || method === "recoverFinish";
      const { recoveryCode } = await first.engine.createAccount(name, password);
      assert.equal((await first.engine.account()).kind, "signed-in");
      const recovered = await second.engine.recover(name, recoveryCode, next);
      assert.equal((await second.engine.account()).kind, "signed-in");
      assert.notEqual(recovered.recoveryCode, recoveryCode);
      assert.deepEqual([tap.of("registerFinish").length, tap.of("recoverFinish").length], [1, 1]);
    } finally {
      await Promise.all([first.close(), second.close()]);
    }
  },

  "a revocation that races another commit: both are done, and the revoked device gets nothing after": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await bert.engine.startChat([anna.username, carl.username], "before the race");
    const stolen = await anna.secondDevice(core);
    try {
      await anna.crash();
      await stolen.sees(chatId);
      await bert.until(
        async () => (await bert.notices(chatId)).some((notice) => notice.startsWith("device-added")),
        "the second device",
      );
      await anna.connected();
      const { deviceId } = await stolen.engine.account() as { deviceId: string };
      const key = toHex(await stolen.recipientKey());
      // Anna's removal is made for the epoch that bert's commit ends.
      anna.refuses = (method) => method === "commit";
      for (const person of [bert, carl]) person.refuses = (method) => method === "lookupAccounts";
      await anna.engine.revokeDevice(deviceId, password);
      await bert.engine.renameChat(chatId, "after the race");
      assert.ok(core.log.channel(chatId).members.at(-1)!.has(key), "bert's commit came first");
      for (const person of [anna, bert, carl]) person.refuses = () => false;
      const gone = `device-removed ${anna.username} ${deviceId.slice(0, 8)}`;
      for (const person of [anna, bert, carl]) {
        await person.until(async () => (await person.notices(chatId)).includes(gone), "the line about the device");
        await person.sees(chatId, ({ title }) => title === "after the race");
      }
      assert.ok(!core.log.channel(chatId).members.at(-1)!.has(key));
      await carl.says(chatId, "all here");
      for (const person of [anna, bert]) await person.hears(chatId, carl.username, ["all here"]);
      await stolen.until(async () => (await stolen.engine.account()).kind === "ended", "the end of its session");
    } finally {
      await stolen.close();
    }
  },

  "a device revoked while offline ends when it comes back, sends and gets nothing, and signs in as a new one": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "while away");
    const stolen = await anna.secondDevice(core);
    try {
      await anna.crash();
      await stolen.sees(chatId);
      const { deviceId } = await stolen.engine.account() as { deviceId: string };
      const key = toHex(await stolen.recipientKey());
      stolen.online = false;
      stolen.disconnect();
      await stolen.says(chatId, "from a drawer");
      await anna.connected();
      await anna.engine.revokeDevice(deviceId, password);
      await bert.until(
        async () => (await bert.notices(chatId)).some((notice) => notice.startsWith("device-removed")),
        "the line about the device",
      );
      await bert.says(chatId, "without it");
      await anna.hears(chatId, bert.username, ["without it"]);
      await stolen.crash();
      assert.equal((await stolen.engine.account()).kind, "signed-in", "it does not know yet");
      stolen.online = true;
      await stolen.engine.wake();
      await stolen.until(async () => (await stolen.engine.account()).kind === "ended", "the end");
      const why = { kind: "ended", username: anna.username, code: "revoked" };
      assert.deepEqual(await stolen.engine.account(), why);
      await assert.rejects(stolen.says(chatId, "once more"), /L002/);
      await stolen.crash();
      await stolen.until(async () => (await stolen.engine.account()).kind === "ended", "the end after a restart too");
      assert.deepEqual(await stolen.engine.account(), why);
      assert.ok(
        core.log.channel(chatId).messages.every(({ sender }) => sender !== key),
        "the server has taken nothing of it",
      );
      assert.deepEqual(await anna.texts(chatId), ["without it"]);
      await stolen.engine.signIn(anna.username, password);
      // Lists of devices are looked at with each connection.
      await anna.crash();
      await stolen.sees(chatId);
      await bert.says(chatId, "with the new one");
      await stolen.until(
        async () => (await stolen.texts(chatId)).includes("with the new one"),
        "what is said from now on",
      );
      assert.ok(!(await stolen.texts(chatId)).includes("without it"));
      assert.notEqual((await stolen.engine.account() as { deviceId: string }).deviceId, deviceId);
    } finally {
      await stolen.close();
    }
  },

  "a new account under a known name: nothing is sent to either key until the user decides": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    await anna.says(chatId, "hello");
    await bert.hears(chatId, anna.username, ["hello"]);
    anna.refuses = (method) => method === "publish";
    await anna.says(chatId, "for the bert I know");
    await bert.close();
    await core.forgetAccount(bert.username);
    const other = await Person.join(core, bert.username, 99);
    try {
      await anna.connected();
      const theirs = await other.engine.startChat([anna.username]);
      await other.says(theirs, "it is me");
      await anna.sees(
        chatId,
        ({ members }) => members.some(({ username, keyChanged }) => username === bert.username && keyChanged === true),
      );
      assert.match(JSON.stringify(anna.problems), /L007/);
      anna.refuses = () => false;
      await anna.engine.wake();
      await assert.rejects(anna.says(chatId, "still you?"), /L007/);
      await assert.rejects(anna.engine.startChat([bert.username]), /L007/);
      assert.equal(await anna.chat(theirs), undefined, "nobody comes in under the name");
      assert.equal(core.log.channel(chatId).messages.length, 1, "nothing has left");
      const [here, there] = [
        await anna.engine.safetyNumber(bert.username),
        await other.engine.safetyNumber(anna.username),
      ];
      assert.deepEqual(
        [here.changed, here.digits === there.digits],
        [true, true],
        "the numbers that are compared are those of the other key",
      );
      const former = (await anna.chat(chatId))!.members.find(({ username }) => username === bert.username)!.accountKey;
      await assert.rejects(anna.engine.acceptChangedKey(bert.username, former), /L017/);
      await assert.rejects(anna.engine.setVerified(bert.username, here.accountKey, true), /L007/);
      await anna.engine.acceptChangedKey(bert.username, here.accountKey);
      await assert.rejects(anna.engine.setVerified(bert.username, former, true), /L017/);
      await anna.sees(
        chatId,
        ({ members }) =>
          members.some(({ username, keyReplaced, keyChanged }) =>
            username === bert.username && keyReplaced === true && keyChanged === undefined
          ),
      );
      const own = async () =>
        (await anna.items(chatId)).flatMap((item) => item.kind === "message" ? [`${item.text} ${item.state}`] : []);
      for (const when of ["at once", "after a restart"]) {
        await anna.connected();
        await anna.engine.settled(AbortSignal.timeout(60_000));
        await assert.rejects(anna.says(chatId, "and I go on here"), /L016/);
        assert.equal(core.log.channel(chatId).messages.length, 1, `nothing goes to the old key, ${when}`);
        assert.deepEqual(await own(), ["hello sent", "for the bert I know waiting"]);
        if (when === "at once") await anna.crash();
      }
      await anna.sees(theirs, ({ invitation }) => invitation);
      await anna.says(theirs, "welcome back");
      await other.hears(theirs, anna.username, ["welcome back"]);
      await other.says(theirs, "thank you");
      await anna.until(async () => (await anna.texts(theirs, bert.username)).includes("thank you"), "the answer");
      assert.ok((await anna.chat(theirs))!.members.every(({ keyReplaced }) => keyReplaced === undefined));
    } finally {
      await other.close();
    }
  },

  "a group with a replaced key is stopped until that key is out, and then waiting messages go": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await anna.engine.startChat([bert.username, carl.username], "a group");
    await carl.sees(chatId);
    await bert.close();
    await core.forgetAccount(bert.username);
    const other = await Person.join(core, bert.username, 99);
    try {
      await anna.engine.acceptChangedKey(bert.username, (await anna.engine.safetyNumber(bert.username)).accountKey);
      await anna.sees(chatId, ({ members }) => members.some(({ keyReplaced }) => keyReplaced === true));
      await assert.rejects(anna.says(chatId, "to whom?"), /L016/);
      await anna.engine.removePerson(chatId, bert.username);
      await anna.says(chatId, "to carl");
      await carl.hears(chatId, anna.username, ["to carl"]);
    } finally {
      await other.close();
    }
  },

  "a password that is changed here signs the other device out, which goes on where it was once the new one is given":
    async ({ core, join }) => {
      const [anna, bert] = [await join("anna"), await join("bert")];
      const chatId = await anna.engine.startChat([bert.username]);
      const second = await anna.secondDevice(core);
      try {
        await anna.crash();
        await second.sees(chatId);
        await anna.connected();
        await anna.engine.changePassword(password, next);
        await second.until(
          async () => (await second.engine.account()).kind === "ended",
          "the end of the other session",
        );
        await anna.connected();
        await anna.says(chatId, "still here");
        await bert.hears(chatId, anna.username, ["still here"]);
        await second.engine.signIn(anna.username, next);
        await second.until(async () => (await second.texts(chatId)).includes("still here"), "what was said meanwhile");
        await second.says(chatId, "here again");
        await bert.hears(chatId, anna.username, ["still here", "here again"]);
      } finally {
        await second.close();
      }
    },

  "revoking the device that asks is signing out for good": async ({ core, join }) => {
    const anna = await join("anna");
    const { deviceId } = await anna.engine.account() as { deviceId: string };
    await anna.engine.revokeDevice(deviceId, password);
    assert.deepEqual(await anna.engine.account(), { kind: "signed-out" });
    const again = await anna.secondDevice(core);
    assert.equal((await again.engine.devices()).length, 1);
    await again.close();
  },

  "safety numbers agree on both sides, and a verified mark shows on the account's other device too": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    const [here, there] = [
      await anna.engine.safetyNumber(bert.username),
      await bert.engine.safetyNumber(anna.username),
    ];
    assert.equal(here.digits, there.digits);
    assert.equal(here.qr, there.qr);
    assert.deepEqual([here.verified, here.changed], [false, false]);
    await anna.engine.setVerified(bert.username, here.accountKey, true);
    const isMarked = (chat: { members: { username: string; verified?: true }[] }) =>
      chat.members.some(({ username, verified }) => username === bert.username && verified === true);
    await anna.sees(chatId, isMarked);
    assert.equal((await anna.engine.safetyNumber(bert.username)).verified, true);
    const second = await anna.secondDevice(core);
    // It is added by who looks at the lists of devices, which each connection does.
    await anna.crash();
    await anna.sees(chatId, isMarked);
    await second.sees(chatId, isMarked);
    await second.close();
    await anna.engine.setVerified(bert.username, here.accountKey, false);
    await anna.sees(chatId, (chat) => !isMarked(chat));
  },
});
