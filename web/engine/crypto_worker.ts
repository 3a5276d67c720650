/**
 * A Worker for public-key work of large groups. It does the jobs of one message at a time, and keeps no
 * state.
 */

import { type CryptoJob, type CryptoResult, runJob } from "../../client/crypto/parallel.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<CryptoJob[]>) => void;
  postMessage(results: CryptoResult[]): void;
};

scope.onmessage = async ({ data }) => scope.postMessage(await Promise.all(data.map(runJob)));
