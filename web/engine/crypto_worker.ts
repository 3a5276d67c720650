/**
 * A thread for public-key work of large groups: does the jobs that it is sent, one message of them at a time,
 * and holds nothing.
 */

import { type CryptoJob, type CryptoResult, runJob } from "../../client/crypto/parallel.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<CryptoJob[]>) => void;
  postMessage(results: CryptoResult[]): void;
};

scope.onmessage = async ({ data }) => scope.postMessage(await Promise.all(data.map(runJob)));
