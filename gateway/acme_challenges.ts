/**
 * Answers to HTTP-01 challenges (RFC 8555 §8.3). The authority requests them over plain HTTP, which proves
 * that the name leads to this server.
 */

import { textResponse } from "../server-common/text_response.ts";

const challengePath = /^\/\.well-known\/acme-challenge\/([\w-]{1,200})$/;

/** The open challenges, by token. */
export class AcmeChallenges {
  readonly #answers = new Map<string, string>();

  /** @param token requested by the authority */
  offer(token: string, keyAuthorization: string): void {
    this.#answers.set(token, keyAuthorization);
  }

  withdraw(token: string): void {
    this.#answers.delete(token);
  }

  /**
   * @returns the answer to a request for a challenge's path (404 for an unknown token); undefined for any
   *   other path
   */
  respond(path: string): Response | undefined {
    if (!path.startsWith("/.well-known/acme-challenge/")) return undefined;
    const answer = this.#answers.get(path.match(challengePath)?.[1] ?? "");
    if (answer === undefined) return textResponse(404, "not found");
    const headers = {
      "content-type": "application/octet-stream",
      "cache-control": "no-store",
      "content-length": String(answer.length),
    };
    return new Response(answer, { headers });
  }
}
