import type { Health } from '../metrics/health-server.ts';
import { createMetrics, type Metrics } from '../metrics/prometheus.ts';
import type { Worker } from './worker.ts';

/** What probes and scrapes ask of a worker: its main thread answers, so that busy lanes never make it look dead. */
export function healthOf(worker: Pick<Worker, 'ready' | 'metrics'>): Health {
  let metrics: Metrics | null = null;
  return {
    alive: () => true,
    ready: () => worker.ready,
    async metrics() {
      if (!worker.ready) return null;
      metrics ??= createMetrics(() => worker.metrics());
      return { text: await metrics.text(), contentType: metrics.contentType };
    },
  };
}
