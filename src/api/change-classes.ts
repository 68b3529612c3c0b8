/**
 * What a change of a field does while a run goes on: `hot` is applied in place, `rolling` replaces workers one after
 * another, `next run` waits for the next run, `new run` ends this one and starts another.
 */
export type ChangeClass = 'hot' | 'rolling' | 'next run' | 'new run';

/** Every field of `spec`. A map stands for its being added or removed as a whole. */
export const CHANGE_CLASSES: Readonly<Record<string, ChangeClass>> = {
  'spec.run': 'next run',
  'spec.rate': 'hot',
  'spec.stages': 'hot',
  'spec.stages[].from': 'hot',
  'spec.stages[].to': 'hot',
  'spec.stages[].over': 'hot',
  'spec.stages[].hold': 'hot',
  'spec.wave': 'hot',
  'spec.wave.mean': 'hot',
  'spec.wave.amplitude': 'hot',
  'spec.wave.period': 'hot',
  'spec.duration': 'hot',
  'spec.maxLag': 'hot',
  'spec.startTimeout': 'next run',
  'spec.warmup': 'next run',
  'spec.suspend': 'hot',

  'spec.http': 'new run',
  'spec.http.timeout': 'rolling',
  'spec.http.connections': 'rolling',
  'spec.http.success': 'rolling',
  'spec.http.redirects': 'rolling',
  'spec.http.keepAlive': 'rolling',
  'spec.http.tls': 'rolling',
  'spec.http.tls.ca': 'rolling',
  'spec.http.tls.serverName': 'rolling',
  'spec.http.tls.insecure': 'rolling',
  'spec.http.http2': 'rolling',
  'spec.http.proxy': 'rolling',
  'spec.http.resolve': 'rolling',
  'spec.kafka': 'new run',
  ...messages('spec.kafka'),
  'spec.kafka.acks': 'rolling',
  'spec.kafka.compression': 'rolling',
  'spec.kafka.idempotent': 'rolling',
  'spec.kafka.clientId': 'rolling',
  'spec.kafka.sasl': 'rolling',
  'spec.kafka.sasl.mechanism': 'rolling',
  'spec.kafka.sasl.credentials': 'rolling',
  'spec.kafka.sasl.credentials.secretName': 'rolling',
  'spec.nsq': 'new run',
  ...messages('spec.nsq'),
  'spec.nsq.auth': 'rolling',
  'spec.nsq.auth.secretKeyRef': 'rolling',
  'spec.nsq.auth.secretKeyRef.name': 'rolling',
  'spec.nsq.auth.secretKeyRef.key': 'rolling',

  'spec.templates': 'hot',
  'spec.templates.entry': 'hot',
  'spec.templates.reload': 'hot',
  'spec.targets': 'hot',
  'spec.targets.loop': 'hot',
  ...sources('spec.templates.from'),
  ...sources('spec.targets.from'),

  'spec.variables': 'hot',
  'spec.variables[].name': 'hot',
  'spec.variables[].value': 'hot',
  'spec.variables[].values': 'hot',
  'spec.variables[].valueFrom': 'hot',
  'spec.variables[].valueFrom.secretKeyRef': 'rolling',
  'spec.variables[].valueFrom.secretKeyRef.name': 'rolling',
  'spec.variables[].valueFrom.secretKeyRef.key': 'rolling',
  'spec.variables[].valueFrom.configMapKeyRef': 'hot',
  'spec.variables[].valueFrom.configMapKeyRef.name': 'hot',
  'spec.variables[].valueFrom.configMapKeyRef.key': 'hot',

  'spec.events': 'hot',
  'spec.events.reuse': 'hot',
  'spec.events.duplicates': 'hot',
  'spec.events.idField': 'hot',
  'spec.events.seed': 'next run',
  'spec.events.pool': 'hot',
  'spec.events.profiles': 'hot',
  'spec.events.profiles.pool': 'hot',

  'spec.stopWhen': 'hot',
  'spec.stopWhen.successBelow': 'hot',
  'spec.stopWhen.latencyAbove': 'hot',
  'spec.stopWhen.percentile': 'hot',
  'spec.stopWhen.window': 'hot',
  'spec.stopWhen.votes': 'hot',
  'spec.stopWhen.minOutcomes': 'hot',
  'spec.stopWhen.decidedBy': 'hot',
  'spec.stopWhen.onStop': 'hot',

  'spec.workers': 'hot',
  'spec.workers.replicas': 'hot',
  'spec.workers.maxRatePerWorker': 'hot',
  'spec.workers.onLoss': 'hot',
  'spec.workers.lease': 'hot',
  'spec.workers.afterLease': 'hot',
  'spec.workers.template': 'rolling',
  'spec.workers.beside': 'rolling',
  'spec.workers.beside.matchLabels': 'rolling',

  'spec.results': 'hot',
  'spec.results.keep': 'hot',
  'spec.results.samples': 'next run',
};

/** The fields that the ways to send messages have in common. */
function messages(path: string): Record<string, ChangeClass> {
  return {
    [`${path}.timeout`]: 'rolling',
    [`${path}.inFlight`]: 'rolling',
    [`${path}.linger`]: 'rolling',
    [`${path}.batchMessages`]: 'rolling',
    [`${path}.batchBytes`]: 'rolling',
    [`${path}.tls`]: 'rolling',
    [`${path}.tls.ca`]: 'rolling',
    [`${path}.tls.serverName`]: 'rolling',
    [`${path}.tls.insecure`]: 'rolling',
  };
}

/** The fields of a list of sources. What adds or removes a mount (credentials) cannot be done to a running pod. */
function sources(path: string): Record<string, ChangeClass> {
  return {
    [path]: 'hot',
    [`${path}[].inline`]: 'hot',
    [`${path}[].configMap`]: 'hot',
    [`${path}[].configMap.name`]: 'hot',
    [`${path}[].directory`]: 'hot',
    [`${path}[].directory.path`]: 'hot',
    [`${path}[].s3`]: 'hot',
    [`${path}[].s3.bucket`]: 'hot',
    [`${path}[].s3.prefix`]: 'hot',
    [`${path}[].s3.region`]: 'hot',
    [`${path}[].s3.endpoint`]: 'hot',
    [`${path}[].s3.pathStyle`]: 'hot',
    [`${path}[].s3.credentials`]: 'rolling',
    [`${path}[].s3.credentials.secretName`]: 'rolling',
  };
}
