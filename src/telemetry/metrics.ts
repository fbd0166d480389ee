import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

type Labels = Readonly<Record<string, string>>

/**
 * The service's numbers. Labels come from small closed sets: never a phone number, a name or an id. Outside this folder nobody
 * counts; the events do.
 */
export type Metrics = {
  counter(name: string, help: string, labels: readonly string[]): (labels: Labels, by?: number) => void
  gauge(name: string, help: string, labels: readonly string[]): (labels: Labels, value: number) => void
  /** Buckets for durations in seconds; the function takes milliseconds. */
  durations(name: string, help: string, labels: readonly string[]): (labels: Labels, durationMs: number) => void
  /** A gauge with one label that is read when somebody looks; it is left out while `read` throws. */
  measured(name: string, help: string, label: string, read: () => Promise<Readonly<Record<string, number>>>): void
  /** `measured` with more labels than one. */
  measuredBy(
    name: string,
    help: string,
    labels: readonly string[],
    read: () => Promise<Iterable<readonly [Labels, number]>>,
  ): void
  /** A gauge whose values somebody else keeps; read when somebody looks. */
  watched(name: string, help: string, labels: readonly string[], read: () => Iterable<readonly [Labels, number]>): void
  /** A counter whose values somebody else keeps; read when somebody looks. */
  tallied(name: string, help: string, labels: readonly string[], read: () => Iterable<readonly [Labels, number]>): void
  /** The text that Prometheus reads. */
  render(): Promise<string>
  readonly contentType: string
}

/** Finer below 50 ms, which is what a hop may take; up to the network's ten seconds. */
const BUCKETS_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 7, 10]

export function makeMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  return {
    counter(name, help, labelNames) {
      const counter = new Counter({ name, help, labelNames: [...labelNames], registers })
      return (labels, by = 1) => counter.inc(labels, by)
    },
    gauge(name, help, labelNames) {
      const gauge = new Gauge({ name, help, labelNames: [...labelNames], registers })
      return (labels, value) => gauge.set(labels, value)
    },
    durations(name, help, labelNames) {
      const histogram = new Histogram({ name, help, labelNames: [...labelNames], buckets: BUCKETS_SECONDS, registers })
      return (labels, durationMs) => histogram.observe(labels, durationMs / 1000)
    },
    measured(name, help, label, read) {
      new Gauge({
        ...{ name, help, labelNames: [label], registers },
        async collect() {
          this.reset()
          const values = await read().catch(() => ({}))
          for (const [key, value] of Object.entries(values)) this.set({ [label]: key }, value)
        },
      })
    },
    measuredBy(name, help, labelNames, read) {
      new Gauge({
        ...{ name, help, labelNames: [...labelNames], registers },
        async collect() {
          this.reset()
          for (const [labels, value] of await read().catch(() => [])) this.set(labels, value)
        },
      })
    },
    watched(name, help, labelNames, read) {
      new Gauge({
        ...{ name, help, labelNames: [...labelNames], registers },
        collect() {
          this.reset()
          for (const [labels, value] of read()) this.set(labels, value)
        },
      })
    },
    tallied(name, help, labelNames, read) {
      new Counter({
        ...{ name, help, labelNames: [...labelNames], registers },
        collect() {
          this.reset()
          for (const [labels, value] of read()) this.inc(labels, value)
        },
      })
    },
    render: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
