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
    const value = this.text(key) ?? fallback;
    if (!parseIpAddress(value)) throw new ConfigError(key, "an IP address is needed");
    return value;
  }

  /**
   * Reads a secret from the key itself or from the file that `KEY_FILE` names. Errors never quote it.
   *
   * @param minLength fewest characters
   * @returns the secret, trimmed when it comes from a file; undefined when neither key is set
   */
  secret(key: Key, minLength: number): string | undefined {
    const fileKey = `${key}_FILE` as Key;
    const path = this.text(fileKey);
    const inline = this.text(key);
    if (path !== undefined && inline !== undefined) {
      throw new ConfigError(key, `set either ${key} or ${fileKey}`);
    }
    const value = path === undefined ? inline : this.#readSecretFile(fileKey, path);
    if (value !== undefined && value.length < minLength) {
      throw new ConfigError(path === undefined ? key : fileKey, `at least ${minLength} characters are needed`);
    }
    return value;
  }

  #readSecretFile(fileKey: Key, path: string): string {
    try {
      return this.#readFile(path).trim();
    } catch (error) {
      throw new ConfigError(fileKey, `can not read ${path}: ${(error as Error).message}`);
    }
  }
}
