import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Helm's path: on PATH, or beside the programs in `KUBEBUILDER_ASSETS` (`test/cluster/build` puts it there). null: none. */
export function findHelm(env: NodeJS.ProcessEnv = process.env): string | null {
  const folders = [...(env['PATH'] ?? '').split(delimiter), env['KUBEBUILDER_ASSETS'] ?? ''];
  for (const folder of folders.filter((each) => each !== '')) {
    const path = join(folder, 'helm');
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  return null;
}

export interface Rendering {
  /** Of the release. Default: taz. */
  release?: string;
  /** Of the release. Default: taz-system. */
  namespace?: string;
  /** Values, as in a values file. */
  values?: object;
  /** Name of one template: only what it makes. */
  only?: string;
}

/**
 * What the chart makes, as YAML.
 * @param chart its folder
 * @throws HelmError where Helm refuses the values
 */
export function renderChart(helm: string, chart: string, rendering: Rendering = {}): string {
  const { release = 'taz', namespace = 'taz-system', values = {}, only } = rendering;
  const args = [
    'template',
    release,
    chart,
    '--namespace',
    namespace,
    '--kube-version',
    '1.34.0',
    '--values',
    '-',
  ];
  const { status, stdout, stderr, error } = spawnSync(
    helm,
    [...args, ...(only === undefined ? [] : ['--show-only', only])],
    { input: JSON.stringify(values), encoding: 'utf8', maxBuffer: 32 * 1024 * 1024 },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new HelmError(stderr.trim());
  return stdout;
}

/** What Helm said when it did not do what it was asked. */
export class HelmError extends Error {
  override readonly name = 'HelmError';
}
