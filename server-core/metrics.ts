/**
 * Counters, gauges and histograms of the core, kept by prom-client. A metric is made when it is first used.
 */

import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** Upper bounds of call times, in seconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

type Labels = Record<string, string | number>;

/** The core's metrics. No label holds an address, a name or a key. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #histograms = new Map<string, Histogram>();

  /**
   * Adds 1, or `amount`, to a counter.
   *
   * @param help of the metric, used at the first call
   * @param labels the same names at every use, with few values: never ids
   */
  count(name: string, help: string, labels: Labels = {}, amount = 1): void {
    let counter = this.#counters.get(name);
    if (!counter) {
      counter = new Counter({ name, help, labelNames: Object.keys(labels), registers: [this.#registry] });
      this.#counters.set(name, counter);
    }
    counter.inc(labels, amount);
  }

  /** Adds a duration in seconds to a histogram; help and labels as for {@link count}. */
  observe(name: string, help: string, seconds: number, labels: Labels = {}): void {
    let histogram = this.#histograms.get(name);
    if (!histogram) {
      const labelNames = Object.keys(labels);
      histogram = new Histogram({ name, help, labelNames, buckets, registers: [this.#registry] });
      this.#histograms.set(name, histogram);
    }
    histogram.observe(labels, seconds);
  }

  /** @param read gives the value whenever metrics are rendered */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }

  /** @returns all of them in the Prometheus text exposition format 0.0.4 */
  async render(): Promise<string> {
    return await this.#registry.metrics();
  }
}
