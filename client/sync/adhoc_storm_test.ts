import assert from "node:assert/strict";
import { fromHex, toHex } from "../../schema/bytes.ts";
import { EntryKind } from "../../schema/rpc/methods.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { suite, type Person } from "./testing/person.ts";
const random = (n: number) => crypto.getRandomValues(new Uint8Array(n));
suite("storm", Object.fromEntries([1, 2].map((start) => [`faults ${start}`, async ({ core, join }: any) => {
    const people: Person[] = [];
    for (const name of ["ann","bob","cat","dan","eve","fay"]) people.push(await join(name));
    const [anna, ...rest] = people;
    const chatId = await anna.engine.startChat(rest.map(({ username }) => username), "storm");
    await Promise.all(rest.map((p) => p.sees(chatId)));
    for (const p of rest.slice(0, 2)) await anna.engine.setRole(chatId, p.username, "admin");
    let seed = start * 7919; const rnd = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
    const work: Promise<unknown>[] = [];
    let copy: string | undefined; let seq = 1_000_000;
    for (let i = 0; i < 60; i++) {
      const p = people[Math.floor(rnd() * people.length)];
      const op = rnd();
      if (op < 0.4) work.push(p.says(chatId, `${p.username} ${i}`).catch(() => {}));
      else if (op < 0.6) work.push(p.engine.renameChat(chatId, `n${i}`).catch(() => {}));
      else if (op < 0.7) { await p.crash(); }
      else if (op < 0.8) {
        await p.engine.close(); p.storage = p.storage.restarted();
        const store = new SealedStore(p.storage, p.wrappingKey); await store.takeFence();
        await store.write({ deletes: [{ store: "epochs", key: chatId }] });
        p.storage = p.storage.restarted(); await p.start();
      } else if (op < 0.9) {
        const chat = await p.chat(chatId);
        const rec: any = await new SealedStore(p.storage.restarted(), p.wrappingKey).get("groups", chatId);
        const told = { removed: [], added: [], membersHash: new Uint8Array() };
        core.inject(await p.recipientKey(), [{ seq: seq++, kind: EntryKind.COMMIT, channelId: rec.channelId, epoch: rec.epoch + 1, id: random(16), header: random(1168), body: random(400), bodyLength: 400, receivedMs: Date.now(), ...told }]);
      } else if (op < 0.93) { if (!copy) copy = await core.backup(); }
      else if (op < 0.96) { if (copy) { await core.restore(copy); copy = undefined; console.log("restored at", i); } }
      await new Promise((r) => setTimeout(r, rnd() * 150));
    }
    if (copy) { await core.restore(copy); console.log("restored at end"); }
    for (const p of people) { p.online = true; void p.engine.wake(); }
    for (const p of people) await p.connected();
    await new Promise((r) => setTimeout(r, 3000));
    console.log("settle");
    for (const p of people) {
      const deadline = Date.now() + 40_000;
      while (Date.now() < deadline && !(await p.chat(chatId))?.active) await new Promise((r) => setTimeout(r, 200));
      const rec: any = await new SealedStore(p.storage.restarted(), p.wrappingKey).get("groups", chatId);
      console.log(p.username, (await p.chat(chatId))?.active, rec.epoch, toHex(rec.channelId).slice(0, 6), JSON.stringify(rec.broken), (await p.notices(chatId)).slice(-6));
    }
    for (const p of people) assert.equal((await p.chat(chatId))?.active, true, p.username);
    for (const p of people) await p.says(chatId, `final ${p.username}`);
    for (const p of people) for (const q of people) if (p !== q) await p.until(async () => (await p.texts(chatId, q.username)).includes(`final ${q.username}`), `final of ${q.username}: ${JSON.stringify((await p.notices(chatId)).slice(-5))}`);
}])));
