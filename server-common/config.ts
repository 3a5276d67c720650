/** Reads single values of a server's configuration and checks them. Each server has its own list of keys. */

import { parseIpAddress } from "../schema/ip_address.ts";

/** Thrown for an invalid value of the configuration; the message starts with its key. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(key: string, problem: string) {
    super(`${key}: ${problem}`);
  }
}

/** The fewest characters of a shared secret. A shorter one could be guessed. */
export const minSecretLength = 32;

/** What an error says of a secret that {@link isDamaged}. */
export const notUtf8 = "the text is not UTF-8. Each byte that is not becomes the same character, so the secret is " +
  "weaker than its length: make a new one as text, as by `openssl rand -hex 32`";

/**
 * @param secret as it was read: U+FFFD stands for what was not UTF-8
 * @returns whether a part of its bytes is lost
 */
export function isDamaged(secret: string): boolean {
  return secret.includes("\ufffd");
}

/**
 * Servers listen on addresses. "localhost" is the one name that always means one of this machine's, and not always
 * the same one: it is the address that everything here uses for it.
 *
 * @returns an IP literal; undefined where the text is neither that nor "localhost"
 */
export function ownAddress(text: string): string | undefined {
  if (text === "localhost") return "127.0.0.1";
  return parseIpAddress(text) ? text : undefined;
}

/** Typed access to configuration values. Every method throws ConfigError for an invalid value. */
export class ConfigReader<Key extends string> {
  readonly #lookUp: (key: Key) => string | undefined;
  readonly #readFile: (path: string) => string;

  /**
   * @param lookUp the text of a key; undefined when it is not set
   * @param readFile reads a small text file; throws on failure
   */
  constructor(lookUp: (key: Key) => string | undefined, readFile: (path: string) => string) {
    this.#lookUp = lookUp;
    this.#readFile = readFile;
  }

  /** @returns the value as it is */
  text(key: Key): string | undefined {
    return this.#lookUp(key);
  }

  /** @returns a decimal integer from `min` to `max`, or `fallback` when the key is not set */
  integer(key: Key, fallback: number, min: number, max: number): number {
    const text = this.text(key);
    if (text === undefined) return fallback;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (!(value >= min && value <= max)) throw new ConfigError(key, `an integer of ${min} … ${max} is needed`);
    return value;
  }

  /** @returns a TCP or UDP port, or undefined when the key is not set; 0 picks a free one */
  optionalPort(key: Key): number | undefined {
    return this.text(key) === undefined ? undefined : this.integer(key, 0, 0, 65_535);
  }

  /** @returns one of `choices`, or `fallback` when the key is not set */
  choice<T extends string>(key: Key, choices: readonly T[], fallback: T): T {
    const value = this.text(key) ?? fallback;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw new ConfigError(key, `one of ${choices.join(", ")} is needed`);
    return found;
  }

  /** @returns an IP literal to listen on, or `fallback` when the key is not set */
  bindAddress(key: Key, fallback: string): string {
    const value = ownAddress(this.text(key) ?? fallback);
    if (value === undefined) throw new ConfigError(key, "an IP address or localhost is needed");
    return value;
  }

  /**
   * Reads a secret from the key itself or from the file that `KEY_FILE` names. Errors never quote it. One that
   * {@link isDamaged} is refused: it can be made anew on both sides, because nothing is stored under it.
   *
   * @param minLength fewest characters
   * @returns the secret, trimmed when it comes from a file (a byte order mark, too); undefined when neither key is set
   */
  secret(key: Key, minLength: number): string | undefined {
    const found = this.storedSecret(key, minLength);
    if (found && isDamaged(found.text)) throw new ConfigError(found.from, notUtf8);
    return found?.text;
  }

  /**
   * Reads a secret like {@link secret}, of which something that exists may depend: a damaged one is returned as well.
   *
   * @param minLength fewest characters
   * @returns the secret, and the key of the configuration that it is from
   */
  storedSecret(key: Key, minLength: number): { text: string; from: Key } | undefined {
    const fileKey = `${key}_FILE` as Key;
    const path = this.text(fileKey);
    const inline = this.text(key);
    if (path !== undefined && inline !== undefined) {
      throw new ConfigError(key, `set either ${key} or ${fileKey}`);
    }
    const text = path === undefined ? inline : this.#readSecretFile(fileKey, path);
    const from = path === undefined ? key : fileKey;
    if (text === undefined) return undefined;
    if (text.length < minLength) throw new ConfigError(from, `at least ${minLength} characters are needed`);
    return { text, from };
  }

  #readSecretFile(fileKey: Key, path: string): string {
    try {
      return this.#readFile(path).trim();
    } catch (error) {
      throw new ConfigError(fileKey, `can not read ${path}: ${(error as Error).message}`);
    }
  }
}
