/** A member that sends contents of any kind: its own engine is shut, its session and state are used by hand. */

import { type Bytes, fromHex } from "../../schema/bytes.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { accountUri, mimiMessageId, roomUri } from "../content/message_id.ts";
import { encodeMimiContent, type MimiContent } from "../content/mimi_content.ts";
import type { TestCore } from "./core.ts";
import { type Hostile, random, takeOver } from "./hostile_member.ts";
import type { Person } from "./person.ts";

export class ContentSender {
  readonly #member: Hostile;
  readonly #chatId: string;
  readonly #accountKey: Bytes;

  private constructor(member: Hostile, chatId: string, accountKey: Bytes) {
    this.#member = member;
    this.#chatId = chatId;
    this.#accountKey = accountKey;
  }

  /** Takes over from the person's engine, which is closed. The chat is in its first channel. */
  static async of(core: Pick<TestCore, "transport">, person: Person, chatId: string): Promise<ContentSender> {
    const accountKey = await ownKey(person);
    return new ContentSender(await takeOver(core, person, chatId), chatId, accountKey);
  }

  /** @param messageId of the wire, 16 bytes @returns the message's MIMI id, 32 bytes */
  async send(content: MimiContent, messageId: Bytes = random(16)): Promise<Bytes> {
    const bytes = encodeMimiContent(content);
    const { mls, rpc, state } = this.#member;
    const sealed = await mls.sealMessage(state, { messageId, content: bytes });
    this.#member.state = sealed.newState;
    await rpc.call(delivery.publish, {
      channelId: fromHex(this.#chatId),
      epoch: Number(state.epoch),
      messageId,
      envelope: sealed.envelope,
      ephemeral: false,
    });
    return await this.idOf(content);
  }

  /** @returns the MIMI id that a message of this member has, sent or not, 32 bytes */
  async idOf(content: MimiContent): Promise<Bytes> {
    const room = roomUri(fromHex(this.#chatId));
    return await mimiMessageId(accountUri(this.#accountKey), room, encodeMimiContent(content), content.salt);
  }
}

async function ownKey(person: Person): Promise<Bytes> {
  const account = await person.engine.account();
  if (account.kind !== "signed-in") throw new Error(`${person.username} is not signed in`);
  return fromHex(account.accountKey);
}
