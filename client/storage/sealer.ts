/**
 * Seals one record: AES-256-GCM under a key of its own, HKDF-SHA-256(wrapping key, 16-byte salt), with AAD =
 * store ‖ key ‖ schema ‖ channelId ‖ epoch ‖ stateVersion (specification §6.2).
 *
 * Layout: format (1 byte) ‖ salt (16) ‖ u16 length of context ‖ context (CBOR, in the clear, authenticated) ‖
 * ciphertext and tag. The key is never used twice, because every seal draws a new salt; so the nonce is zero.
 */

import { encode, rfc8949EncodeOptions } from "cborg";
import { type Bytes, concat, utf8 } from "../../schema/bytes.ts";
import { decodeOwnCbor, encodeCbor } from "../../schema/cbor.ts";
import { StorageError, type StoreName } from "./storage.ts";

/** What a record belongs to. All of it is optional, and all of it is authenticated. */
export interface SealContext {
  /** Version of the value's form, for migrations; 1 unless said. */
  schema?: number;
  /** 32 bytes. */
  channelId?: Uint8Array;
  epoch?: number | bigint;
  stateVersion?: number;
}

const format = 1;
const saltLength = 16;
const headLength = 1 + saltLength + 2;
const info = utf8("qpq/1 record");
const zeroNonce = new Uint8Array(12);

/** First byte of the plaintext. */
const kindBytes = 0;
const kindCbor = 1;

/** Seals and opens single records under keys derived from the wrapping key. */
export class Sealer {
  readonly #wrappingKey: CryptoKey;
  /** Keys for records to come, each with its salt and for one record. */
  readonly #ready: { salt: Bytes; recordKey: Promise<CryptoKey> }[] = [];

  constructor(wrappingKey: CryptoKey) {
    this.#wrappingKey = wrappingKey;
  }

  /** Derives the keys of that many records ahead, beside other work. */
  deriveKeys(records: number): void {
    while (this.#ready.length < records) this.#ready.push(this.#fresh());
  }

  #fresh(): { salt: Bytes; recordKey: Promise<CryptoKey> } {
    const salt = crypto.getRandomValues(new Uint8Array(saltLength));
    const recordKey = this.#recordKey(salt, "encrypt");
    // The error is reported when the key is used.
    recordKey.catch(() => {});
    return { salt, recordKey };
  }

  /** @returns the sealed record */
  async seal(store: StoreName, key: string, value: unknown, context: SealContext): Promise<Bytes> {
    const { salt, recordKey } = this.#ready.pop() ?? this.#fresh();
    const contextBytes = encodeContext(context);
    const length = new Uint8Array(2);
    new DataView(length.buffer).setUint16(0, contextBytes.length);
    const plaintext = value instanceof Uint8Array
      ? concat(Uint8Array.of(kindBytes), value)
      : concat(Uint8Array.of(kindCbor), encodeValue(value));
    const ciphertext = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv: zeroNonce, additionalData: additionalData(store, key, contextBytes) },
      await recordKey,
      plaintext,
    );
    plaintext.fill(0);
    return concat(Uint8Array.of(format), salt, length, contextBytes, new Uint8Array(ciphertext));
  }

  /** @throws StorageError when the record is damaged, or was sealed for another place or under another key */
  async open(store: StoreName, key: string, sealed: Uint8Array): Promise<{ value: unknown; context: SealContext }> {
    if (sealed.length < headLength || sealed[0] !== format) {
      throw new StorageError(`a record of ${store} has an unknown form`);
    }
    const salt = sealed.slice(1, 1 + saltLength) as Bytes;
    const contextEnd = headLength + new DataView(sealed.buffer, sealed.byteOffset + 1 + saltLength, 2).getUint16(0);
    const contextBytes = sealed.slice(headLength, contextEnd) as Bytes;
    try {
      const recordKey = await this.#recordKey(salt, "decrypt");
      const plaintext = new Uint8Array(
        await crypto.subtle.decrypt(
          { name: "AES-GCM", iv: zeroNonce, additionalData: additionalData(store, key, contextBytes) },
          recordKey,
          sealed.slice(contextEnd) as Bytes,
        ),
      );
      const content = plaintext.slice(1);
      return {
        value: plaintext[0] === kindBytes ? content : decodeOwnCbor(content),
        context: decodeContext(contextBytes),
      };
    } catch (error) {
      throw new StorageError(`a record of ${store} does not open`, { cause: error });
    }
  }

  async #recordKey(salt: Bytes, use: "encrypt" | "decrypt"): Promise<CryptoKey> {
    return await crypto.subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt, info },
      this.#wrappingKey,
      { name: "AES-GCM", length: 256 },
      false,
      [use],
    );
  }
}

function additionalData(store: StoreName, key: string, contextBytes: Uint8Array): Bytes {
  return encodeCbor([store, key, contextBytes]);
}

/**
 * As schema/cbor.ts, but an undefined field is left out, as JSON does: `{ ...record, note: undefined }` is
 * common and means "no note".
 */
function encodeValue(value: unknown): Bytes {
  return new Uint8Array(encode(value, { ...rfc8949EncodeOptions, ignoreUndefinedProperties: true }));
}

function encodeContext({ schema = 1, channelId, epoch, stateVersion }: SealContext): Bytes {
  return encodeCbor([schema, channelId ?? null, epoch ?? null, stateVersion ?? null]);
}

function decodeContext(bytes: Uint8Array): SealContext {
  const [schema, channelId, epoch, stateVersion] = decodeOwnCbor(bytes) as [
    number,
    Uint8Array | null,
    number | bigint | null,
    number | null,
  ];
  return {
    schema,
    ...(channelId && { channelId }),
    ...(epoch !== null && { epoch }),
    ...(stateVersion !== null && { stateVersion }),
  };
}
