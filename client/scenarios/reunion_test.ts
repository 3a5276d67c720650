import type { ChatSummary } from "../api/engine_api.ts";
import { toHex } from "../../schema/bytes.ts";
import type { TestCore } from "../testing/core.ts";
import { garbageCommit } from "../testing/injected_entry.ts";
import { Person, suite } from "../testing/person.ts";
import { Wiretap } from "../testing/wiretap.ts";
import { moved, recordOf } from "../testing/replacement.ts";
import { testEnvironment } from "../testing/test_environment.ts";

/** Epochs after which their hashes are not known any more. */
const longGone = 10;

suite("a group of which an admin went another way", {
  "GRP-5.1: an admin who replaced the channel from a long gone epoch, and the others, end in one channel": async (
    { core, join },
  ) => {
    // Its patience is shrunk so that it acts before the test's.
    const anna = await Person.join(core, "hasty", 3, testEnvironment(3, 200));
    try {
      const [bert, carl] = [await join("bert"), await join("carl")];
      const chatId = await bert.engine.startChat([anna.username, carl.username], "The Long Walk");
      await Promise.all([anna, carl].map((person) => person.sees(chatId)));
      await bert.engine.setRole(chatId, anna.username, "admin");
      await Promise.all([anna, carl].map((person) => person.sees(chatId, haveTwoAdmins)));
      // A commit that nobody else knows of, and nobody hears its call for help.
      anna.refuses = (method) => method === "enqueue";
      await injectCommit(core, anna, chatId);
      for (let n = 0; n < longGone; n++) await bert.engine.renameChat(chatId, `Walk ${n}`);
      await carl.sees(chatId, ({ title }) => title === `Walk ${longGone - 1}`);
      for (const person of [bert, carl]) {
        await person.until(
          async () => (await person.notices(chatId)).some((notice) => notice === "rejected GRP-5.1"),
          "the replacement that it refuses",
        );
      }
      await inOneChannel([anna, bert, carl], chatId);
      for (const person of [anna, bert, carl]) await person.says(chatId, `${person.username} is here`);
      await anna.hears(chatId, carl.username, [`${carl.username} is here`]);
      await carl.hears(chatId, anna.username, [`${anna.username} is here`]);
      await carl.sees(chatId, ({ title }) => title === `Walk ${longGone - 1}`);
    } finally {
      await anna.close();
    }
  },

  "GRP-5.1: the admin's replacement is begun anew when others make an epoch while it fetches KeyPackages": async (
    { core, join },
  ) => {
    const anna = await Person.join(core, "hasty-again", 3, testEnvironment(3, 200));
    try {
      const [bert, carl, dora] = [await join("bert"), await join("carl"), await join("dora")];
      const tap = new Wiretap();
      bert.wrapTransport = tap.wrap;
      await bert.crash();
      await bert.connected();
      const chatId = await bert.engine.startChat([anna.username, carl.username], "The Long Walk");
      await Promise.all([anna, carl].map((person) => person.sees(chatId)));
      await bert.engine.setRole(chatId, anna.username, "admin");
      await Promise.all([anna, carl].map((person) => person.sees(chatId, haveTwoAdmins)));
      const answer = Promise.withResolvers<void>();
      let fetches = 0;
      tap.holdsAnswer = ({ method }) => /fetchKeyPackage/i.test(method) && fetches++ === 0 ? answer.promise : undefined;
      anna.refuses = (method) => method === "enqueue";
      await injectCommit(core, anna, chatId);
      for (let n = 0; n < longGone; n++) await bert.engine.renameChat(chatId, `Walk ${n}`);
      await bert.until(() => fetches > 0, "the fetch of KeyPackages");
      await carl.engine.addPeople(chatId, [dora.username]);
      await bert.sees(chatId, ({ members }) => members.length === 4);
      answer.resolve();
      await inOneChannel([anna, bert, carl, dora], chatId);
    } finally {
      await anna.close();
    }
  },

  "GRP-5.1: a member that was re-added meanwhile follows an admin's replacement from the epoch before": async (
    { core, join },
  ) => {
    const anna = await Person.join(core, "hasty-too", 3, testEnvironment(3, 200));
    try {
      const [bert, carl] = [await join("bert"), await join("carl")];
      const chatId = await anna.engine.startChat([bert.username, carl.username], "The Long Walk");
      await Promise.all([bert, carl].map((person) => person.sees(chatId)));
      // Nobody hears the only admin's call for help.
      anna.refuses = (method) => method === "enqueue";
      await injectCommit(core, anna, chatId);
      anna.online = false;
      anna.disconnect();
      await injectCommit(core, bert, chatId);
      await bert.until(
        async () => (await bert.notices(chatId)).includes(`rejoined ${carl.username} ${bert.username}`),
        "the new place in the group",
      );
      anna.online = true;
      void anna.engine.wake();
      await moved([anna, bert, carl], chatId);
      await bert.says(chatId, "on we go");
      for (const person of [anna, carl]) await person.hears(chatId, bert.username, ["on we go"]);
    } finally {
      await anna.close();
    }
  },
});

const haveTwoAdmins = ({ members }: ChatSummary) => members.filter(({ role }) => role === "admin").length === 2;

async function inOneChannel(people: Person[], chatId: string): Promise<void> {
  await people[0].until(
    async () => {
      const records = await Promise.all(people.map((person) => recordOf(person, chatId)));
      return new Set(records.map((record) => record && toHex(record.channelId))).size === 1;
    },
    "one channel",
  );
}

/** The server makes up the next commit of a group, for one device alone. */
async function injectCommit(core: TestCore, person: Person, chatId: string): Promise<void> {
  const { channelId, epoch } = await recordOf(person, chatId);
  core.inject(await person.recipientKey(), [garbageCommit(channelId, epoch + 1, 1_000_000)]);
  await person.until(
    async () => (await person.notices(chatId)).some((notice) => notice.startsWith("unreadable")),
    "a commit that does not open",
  );
}
