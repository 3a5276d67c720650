/**
 * Records what the core accepted: the members of each epoch, and each message in the order of acceptance. Tests derive
 * from it which device must have which message.
 */

import { toHex } from "../../schema/bytes.ts";
import { decodeCbor } from "../../schema/cbor.ts";
import type { DeliveryStore } from "../../server-core/storage/delivery_store.ts";

export interface AcceptedMessage {
  /** hex: recipientKey of the sending device */
  sender: string;
  /** hex */
  messageId: string;
  epoch: number;
  /** Members of that epoch: recipientKeys as hex. */
  readers: ReadonlySet<string>;
  /** When the core took it: the time that its entries carry. */
  atMs: number;
  /** In the channel's order. */
  place: number;
  /** How often the core had been restored before. */
  restores: number;
}

export interface ChannelLog {
  /** By epoch: recipientKeys as hex. The last is the present one. */
  members: ReadonlySet<string>[];
  messages: AcceptedMessage[];
  /** Commits that were refused because another was faster (E015), by device as hex. */
  conflicts: Map<string, number>;
}

export class ServerLog {
  readonly #channels = new Map<string, ChannelLog>();
  readonly #seen = new Set<string>();
  /** messageIds as hex of messages whose content went to one device alone: they may stand behind later ones. */
  readonly given = new Set<string>();
  #restores = 0;

  get restores(): number {
    return this.#restores;
  }

  /** @param channelId hex */
  channel(channelId: string): ChannelLog {
    let log = this.#channels.get(channelId);
    if (!log) this.#channels.set(channelId, log = { members: [], messages: [], conflicts: new Map() });
    return log;
  }

  /** Epochs and messages so far, in all channels. */
  get progress(): number {
    return [...this.#channels.values()].reduce(
      (sum, { members, messages }) => sum + members.length + messages.length,
      this.#restores,
    );
  }

  /** All channels, those that it has lost included: channelId as hex. */
  channels(): [string, ChannelLog][] {
    return [...this.#channels];
  }

  /**
   * A copy of the store is made. @returns the core goes on from it: epochs that it lacks are made anew; the
   * messages that were accepted stay, with their count of restores
   */
  backup(): () => void {
    const epochs = new Map([...this.#channels].map(([channelId, { members }]) => [channelId, members.length]));
    return () => {
      this.#restores++;
      for (const [channelId, log] of this.#channels) log.members.length = epochs.get(channelId) ?? 0;
    };
  }

  /** Listens to a store's answers from now on. */
  watch(store: DeliveryStore): void {
    const [create, commit, check, publish] = [store.createChannel, store.commit, store.checkCommit, store.publish].map((
      method,
    ) => (method as (args: never) => Promise<unknown>).bind(store)) as unknown as [
      DeliveryStore["createChannel"],
      DeliveryStore["commit"],
      DeliveryStore["checkCommit"],
      DeliveryStore["publish"],
    ];
    store.createChannel = async (args) => {
      await create(args);
      this.channel(toHex(args.channelId)).members[0] ??= new Set([toHex(args.creator)]);
    };
    store.checkCommit = async (args) => await check(args).catch((error) => this.#refused(args, error));
    store.commit = async (args) => {
      const answer = await commit(args).catch((error) => this.#refused(args, error));
      const { members } = this.channel(toHex(args.channelId));
      const after = new Set(members[answer.n - 1]);
      for (const key of args.removed) after.delete(toHex(key));
      for (const key of args.added) after.add(toHex(key));
      members[answer.n] ??= after;
      return answer;
    };
    const enqueue = store.enqueue.bind(store);
    store.enqueue = async (args) => {
      const message = givenIn(args.body);
      if (message) this.given.add(toHex(message));
      return await enqueue(args);
    };
    store.publish = async (args) => {
      const answer = await publish(args);
      this.#accepted(args, args, answer);
      return answer;
    };
    const publishInOrder = store.publishInOrder.bind(store);
    store.publishInOrder = async (args) => {
      const answers = await publishInOrder(args);
      answers.forEach((answer, index) => {
        if (answer.code === 0) this.#accepted(args, args.messages[index], answer);
      });
      return answers;
    };
  }

  #accepted(
    at: { sender: Uint8Array; channelId: Uint8Array },
    { messageId, epoch }: { messageId: Uint8Array; epoch: number },
    { receivedMs: atMs, place: inChannel }: { receivedMs: number; place: number },
  ): void {
    const channel = this.channel(toHex(at.channelId));
    const message = {
      sender: toHex(at.sender),
      messageId: toHex(messageId),
      epoch,
      readers: channel.members[epoch] ?? new Set<string>(),
      atMs,
      place: inChannel,
      restores: this.#restores,
    };
    const place = `${toHex(at.channelId)}/${message.sender}/${message.messageId}/${this.#restores}`;
    if (!this.#seen.has(place)) channel.messages.push(message);
    this.#seen.add(place);
  }

  #refused(args: { sender: Uint8Array; channelId: Uint8Array }, error: { code?: number }): never {
    const { conflicts } = this.channel(toHex(args.channelId));
    if (error.code === 15) conflicts.set(toHex(args.sender), (conflicts.get(toHex(args.sender)) ?? 0) + 1);
    throw error;
  }
}

/** @returns the messageId in a device message that gives a content to one device */
function givenIn(body: Uint8Array): Uint8Array | undefined {
  try {
    const { kind, parts } = decodeCbor(body) as { kind?: unknown; parts?: Uint8Array[] };
    return kind === "given" ? parts?.[0] : undefined;
  } catch {
    // What a test sends by hand.
    return undefined;
  }
}
