/** References that a member forges: it knows the key of each file of its chats, and can seal other bytes under it. */

import assert from "node:assert/strict";
import { concat, equalBytes, sha256, toHex } from "../../schema/bytes.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import type { MessageItem } from "../api/engine_api.ts";
import type { StoredAttachment } from "../attachments/attachment.ts";
import { paddedLength, pieceBytes, PieceCipher } from "../attachments/pieces.ts";
import { attachmentsKind } from "../content/kinds/attachments.ts";
import { ContentSender } from "../testing/content_sender.ts";
import { random } from "../testing/hostile_member.ts";
import { storeOf } from "../testing/message_kinds.ts";
import { outsider } from "../testing/outsider.ts";
import { type Person, suite } from "../testing/person.ts";

/** Messages with files, in the order of their lines, once there are so many. */
async function withFiles(person: Person, chatId: string, count: number): Promise<MessageItem[]> {
  return await person.until(async () => {
    const items = (await person.items(chatId)).filter((item) => item.kind === "message");
    const found = items.filter(({ attachments }) => attachments !== undefined);
    return found.length === count ? found : undefined;
  }, `${count} messages with files`);
}

/** What a member's device knows of the only file of a chat. */
async function attachmentOf(person: Person, chatId: string): Promise<StoredAttachment> {
  const lines = await storeOf(person).range<{ attachments?: StoredAttachment[] }>("messages", `${chatId}/`);
  return lines.flatMap(({ value }) => value.attachments ?? [])[0];
}

/** Other bytes under a known key, put on the server. @returns their reference */
async function forged(core: Parameters<typeof outsider>[0], person: Person, { blob, size }: StoredAttachment) {
  const cipher = await PieceCipher.of(blob.key, blob.prefix, size);
  const padded = new Uint8Array(paddedLength(size)).fill(9, 0, size);
  const pieces = Array.from(
    { length: Math.ceil(padded.length / pieceBytes) },
    (_, index) => cipher.seal(index, padded.subarray(index * pieceBytes, (index + 1) * pieceBytes)),
  );
  const ciphertext = concat(...await Promise.all(pieces));
  const hash = await sha256(ciphertext);
  const { rpc } = await outsider(core, person);
  await rpc.call(delivery.putBlob, { sha256: hash, length: ciphertext.length }, {}, ciphertext);
  return { ...blob, sha256: hash };
}

suite("CONVERSATIONS: references", {
  "CONVERSATIONS: a file that a member sealed under another's key is not shown as the other's file": async ({
    core,
    join,
  }) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const chatId = await anna.engine.startChat([bert.username, mallory.username], "three");
    await bert.sees(chatId);
    await mallory.sees(chatId);
    const content = random(60_000);
    const file = { name: "contract.pdf", type: "application/pdf", source: new Blob([content]) };
    await anna.engine.sendFiles(chatId, toHex(random(16)), [file], "");
    await withFiles(bert, chatId, 1);
    await withFiles(mallory, chatId, 1);
    const attachment = await attachmentOf(mallory, chatId);
    const sender = await ContentSender.of(core, mallory, chatId);
    const blob = await forged(core, mallory, attachment);
    const name = "harmless.pdf";
    await sender.send(attachmentsKind.write({ text: "", attachments: [{ ...attachment, name, blob }] }, random(16)));
    for (const person of [bert, anna]) {
      const items = await withFiles(person, chatId, 2);
      const pieceOf = (item: MessageItem) => person.engine.attachmentPiece(chatId, item, 0, 0);
      const isHers = ({ attachments }: MessageItem) => attachments![0].name === "contract.pdf";
      const [hers, forgery] = [items.find(isHers)!, items.find((item) => !isHers(item))!];
      assert.deepEqual(new Set(await pieceOf(forgery)), new Set([9]));
      assert.ok(equalBytes(await pieceOf(hers), content), `${person.username} sees anna's file`);
      await person.crash();
      assert.ok(equalBytes(await pieceOf(hers), content), `${person.username} sees it from the device`);
      assert.deepEqual(new Set(await pieceOf(forgery)), new Set([9]));
    }
  },
});
