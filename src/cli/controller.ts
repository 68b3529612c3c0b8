import { hostname } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import type { ControllerOptions } from '../controller/controller.ts';
import { CredentialsError } from '../kube/credentials.ts';
import { UsageError } from './errors.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'] as const;

interface Options {
  namespace?: string;
  watchNamespace: string[];
  service: string;
  image?: string;
  imagePullPolicy?: (typeof PULL_POLICIES)[number];
  imagePullSecret: string[];
  lease: string;
  authoritySecret: string;
  settings: string;
  podName: string;
  port: string;
  metricsPort: string;
  kubeconfig?: string;
  advertise?: string;
  networkPolicies?: boolean;
  logLevel: string;
}

/** `taz controller`: the operator, until a signal ends it. */
export function controllerCommand(): Command {
  const several = (value: string, before: string[]): string[] => [...before, value];
  return new Command('controller')
    .description('look after the LoadTests of a cluster: the operator')
    .requiredOption('--image <image>', 'image of the workers')
    .option(
      '--image-pull-policy <policy>',
      `when it is pulled: ${PULL_POLICIES.join(', ')}`,
      oneOf(PULL_POLICIES),
    )
    .option(
      '--image-pull-secret <name>',
      'Secret to pull it with, in the namespace of the test; can be repeated',
      several,
      [],
    )
    .option('--namespace <name>', "the operator's own namespace (default: that of its pod)")
    .option(
      '--watch-namespace <name>',
      'look after the LoadTests of this one only; can be repeated',
      several,
      [],
    )
    .option('--service <name>', 'Service by which workers reach the one that leads', 'taz-coordinator')
    .option('--port <port>', 'port for workers', '8443')
    .option('--metrics-port <port>', 'port of /healthz, /readyz and /metrics', '8080')
    .option('--lease <name>', 'Lease that says which one leads', 'taz-controller')
    .option(
      '--authority-secret <name>',
      'Secret with the certificate authority of the operator',
      'taz-authority',
    )
    .option(
      '--settings <name>',
      'ConfigMap with the limits of the cluster and the kill switch',
      'taz-settings',
    )
    .option('--pod-name <name>', 'pod that this runs in', hostname())
    .option('--network-policies', 'make a NetworkPolicy for the workers of each test')
    .option('--kubeconfig <file>', 'reach the cluster by this file, from outside of it')
    .option('--advertise <host>', 'host by which workers reach this process, from outside of the cluster')
    .option('--log-level <level>', `how much is logged: ${LOG_LEVELS.join(', ')}`, oneOf(LOG_LEVELS), 'info')
    .addHelpText(
      'after',
      `
Several may run at a time: one leads, the others wait. SIGTERM gives the lead away; runs go on meanwhile.
The chart in charts/taz installs it with the rights that it needs.`,
    )
    .action(async (options: Options) => {
      process.exitCode = await serve(options);
    });
}

function oneOf(values: readonly string[]): (value: string) => string {
  return (value) => {
    if (values.includes(value)) return value;
    throw new InvalidArgumentError(`It is one of ${values.join(', ')}.`);
  };
}

async function serve(options: Options): Promise<number> {
  const [{ runController }, { pino }] = await Promise.all([
    import('../controller/controller.ts'),
    import('pino'),
  ]);
  const log = pino({
    level: options.logLevel,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
  const ended = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (ended.signal.aborted) process.exit(1);
      log.info({ signal }, 'asked to end');
      ended.abort(new Error(`ended by ${signal}`));
    });
  }
  try {
    await runController({ ...readOptions(options), log }, ended.signal);
    return 0;
  } catch (error) {
    if (error instanceof CredentialsError) throw new UsageError(error.message);
    log.fatal({ error: error instanceof Error ? error.message : String(error) }, 'cannot go on');
    return 1;
  }
}

function readOptions(options: Options): Omit<ControllerOptions, 'log'> {
  return {
    namespace: options.namespace ?? null,
    watchNamespaces: options.watchNamespace,
    service: options.service,
    image: options.image!,
    imagePullPolicy: options.imagePullPolicy ?? null,
    imagePullSecrets: options.imagePullSecret,
    lease: options.lease,
    authoritySecret: options.authoritySecret,
    settings: options.settings,
    podName: options.podName,
    port: portOf('--port', options.port),
    metricsPort: portOf('--metrics-port', options.metricsPort),
    kubeconfig: options.kubeconfig ?? null,
    advertise: options.advertise ?? null,
    networkPolicies: options.networkPolicies ?? false,
  };
}

function portOf(option: string, text: string): number {
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new UsageError(`${option}: ${JSON.stringify(text)} is not a port from 0 to 65535`);
}
