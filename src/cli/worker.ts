import { Command } from 'commander';
import { UsageError } from './errors.ts';

/** `taz worker`: what the controller runs in the pods of a test. */
export function workerCommand(): Command {
  return new Command('worker')
    .description('be a worker of a run, in a pod that the controller has made')
    .addHelpText(
      'after',
      `
The controller makes pods that run it; nobody else needs to. What to do, it asks the coordinator in the controller.

Environment:
  TAZ_COORDINATOR      address of the coordinator, https://SERVICE.NAMESPACE.svc:8443
  TAZ_RUN              id of the run
  TAZ_INDEX            which of the run's workers it is: 0, 1, …
  TAZ_REPLACEMENT      how often that one has been replaced (default: 0)
  TAZ_METRICS_PORT     port for /healthz, /readyz and /metrics (default: 9090)
  TAZ_MAX_RATE         the most that the whole test may send, such as 5000/s (default: no limit)
  TAZ_ALLOWED_HOSTS    hosts that may be sent to, such as api.ingest.svc,*.shop.svc:8080 (default: all)
  TAZ_FILES            folder of the files below (default: /var/run/taz)
  TAZ_TERMINATION_LOG  file for the reason of a failure, if it is there (default: /dev/termination-log)
  POD_NAME             name of the pod, for its log

Files, read again whenever they change:
  coordinator/token    what is shown to the coordinator
  coordinator/ca.crt   authority that the coordinator's certificate is judged by
  secrets/NAME/KEY     values of the Secrets that the test refers to

SIGTERM: it works on until another worker has taken over, for 18 s at most, and hands in its last counts. A second one ends
it at once.

Exit codes: 0 its last counts are saved, 1 it has failed, 2 the environment is wrong`,
    )
    .action(async () => {
      // What it has open, such as the port for probes, is of no use any more.
      process.exit(await work());
    });
}

async function work(): Promise<number> {
  const [{ readPodSettings, SettingsError }, { workInPod }] = await Promise.all([
    import('../worker/pod/pod-settings.ts'),
    import('../worker/pod/pod-worker.ts'),
  ]);
  try {
    return await workInPod(readPodSettings(process.env));
  } catch (error) {
    throw error instanceof SettingsError ? new UsageError(error.message, error.problems) : error;
  }
}
