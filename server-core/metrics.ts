/**
 * Counters, gauges and histograms in Prometheus' text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 */

/** Upper bounds of call times, in seconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

type Labels = Record<string, string | number>;

interface Histogram {
  counts: number[];
  sum: number;
  count: number;
}

/** What the core counts and measures, as Prometheus reads it; no label holds an address, a name or a key. */
export class Metrics {
  readonly #help = new Map<string, { type: "counter" | "gauge" | "histogram"; text: string }>();
  readonly #counters = new Map<string, Map<string, number>>();
  readonly #histograms = new Map<string, Map<string, Histogram>>();
  readonly #gauges = new Map<string, () => number>();

  /** Adds 1, or `amount`, to a counter. Labels must have few values: never ids. */
  count(name: string, text: string, labels: Labels = {}, amount = 1): void {
    this.#help.set(name, { type: "counter", text });
    const series = seriesOf(this.#counters, name);
    const key = labelText(labels);
    series.set(key, (series.get(key) ?? 0) + amount);
  }

  /** Adds a duration in seconds to a histogram. */
  observe(name: string, text: string, seconds: number, labels: Labels = {}): void {
    this.#help.set(name, { type: "histogram", text });
    const series = seriesOf(this.#histograms, name);
    const key = labelText(labels);
    const histogram = series.get(key) ?? { counts: buckets.map(() => 0), sum: 0, count: 0 };
    series.set(key, histogram);
    buckets.forEach((bound, index) => {
      if (seconds <= bound) histogram.counts[index]++;
    });
    histogram.sum += seconds;
    histogram.count++;
  }

  /** A value that is read when it is asked for. */
  gauge(name: string, text: string, read: () => number): void {
    this.#help.set(name, { type: "gauge", text });
    this.#gauges.set(name, read);
  }

  /** @returns all of it, as `GET /metrics` answers */
  render(): string {
    const lines: string[] = [];
    for (const [name, { type, text }] of this.#help) {
      lines.push(`# HELP ${name} ${text}`, `# TYPE ${name} ${type}`);
      for (const [labels, value] of this.#counters.get(name) ?? []) lines.push(`${name}${braced(labels)} ${value}`);
      const gauge = this.#gauges.get(name);
      if (gauge) lines.push(`${name} ${gauge()}`);
      for (const [labels, histogram] of this.#histograms.get(name) ?? []) {
        lines.push(...histogramLines(name, labels, histogram));
      }
    }
    return lines.join("\n") + "\n";
  }
}

function histogramLines(name: string, labels: string, { counts, sum, count }: Histogram): string[] {
  const withBound = (bound: number | string) => braced([labels, `le="${bound}"`].filter(Boolean).join(","));
  return [
    ...buckets.map((bound, index) => `${name}_bucket${withBound(bound)} ${counts[index]}`),
    `${name}_bucket${withBound("+Inf")} ${count}`,
    `${name}_sum${braced(labels)} ${sum}`,
    `${name}_count${braced(labels)} ${count}`,
  ];
}

function seriesOf<T>(all: Map<string, Map<string, T>>, name: string): Map<string, T> {
  const series = all.get(name) ?? new Map<string, T>();
  all.set(name, series);
  return series;
}

function labelText(labels: Labels): string {
  return Object.entries(labels).map(([name, value]) => `${name}="${value}"`).join(",");
}

function braced(labels: string): string {
  return labels ? `{${labels}}` : "";
}
