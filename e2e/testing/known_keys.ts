/**
 * A person whose private keys the test knows: an engine over the gateway, in a process of its own, that
 * writes every key it uses to a file. Makes an account, starts a chat, says one thing.
 *
 * Usage: known_keys.ts GATEWAY_URL USERNAME PEER TEXT KEYS_FILE. The file holds one key in hexadecimal a
 * line.
 */

import { toHex } from "../../schema/bytes.ts";
import { Engine } from "../../client/engine/engine.ts";
import { MemoryStorage } from "../../client/storage/testing/memory.ts";
import { importWrappingKey } from "../../client/storage/sealed_store.ts";
import { BrowserTransport } from "../../client/connection/browser_transport.ts";
import { HttpsConnection } from "../../client/connection/https_fallback.ts";

const [url, username, peer, text, keysFile] = Deno.args;
const keys = new Set<string>();

/**
 * The last 32 bytes of a PKCS #8 key of Ed25519 or X25519 are the key itself; symmetric keys come raw,
 * ML-KEM's as a seed.
 */
const importKey = crypto.subtle.importKey.bind(crypto.subtle) as (...args: unknown[]) => Promise<CryptoKey>;
crypto.subtle.importKey =
  ((format: string, data: BufferSource, algorithm: string | { name: string }, ...rest: unknown[]) => {
    const name = typeof algorithm === "string" ? algorithm : algorithm.name;
    const isSecret = format === "pkcs8" || format === "raw-seed" || (format === "raw" && name === "AES-GCM");
    if (isSecret && ArrayBuffer.isView(data)) {
      keys.add(toHex(new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice(-32)));
    }
    return importKey(format, data, algorithm, ...rest);
  }) as typeof crypto.subtle.importKey;

const said = Promise.withResolvers<void>();
const engine = await Engine.open({
  storage: new MemoryStorage(),
  wrappingKey: await importWrappingKey(crypto.getRandomValues(new Uint8Array(32))),
  // As a page of the gateway's would, which the browser tells it by the origin.
  transport: new BrowserTransport(url, {
    connectHttps: (rpc) =>
      new HttpsConnection(
        new URL(rpc, url),
        (to, init) => fetch(to, { ...init, headers: { ...init?.headers as Record<string, string>, origin: url } }),
      ),
  }),
  listener: (event) => {
    if (
      event.kind === "timeline" &&
      event.items.some((item) => item.kind === "message" && item.own && item.state === "sent")
    ) said.resolve();
  },
});
await engine.createAccount(username, toHex(crypto.getRandomValues(new Uint8Array(16))));
const chatId = await engine.startChat([peer]);
await engine.send(chatId, toHex(crypto.getRandomValues(new Uint8Array(16))), text);
await said.promise;
await Deno.writeTextFile(keysFile, [...keys].join("\n"));
await engine.close();
Deno.exit(0);
