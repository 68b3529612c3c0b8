import { closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RecordOptions } from '../../coordinator/protocol.ts';
import { systemErrorText } from '../../report/system-error.ts';
import { UsageError } from '../errors.ts';

/** Empties the results file, or makes it. @throws UsageError when it cannot be written, or options lack `--results` */
export function startResults(options: {
  results?: string;
  resultsBodies?: boolean;
  resultsHeaders?: boolean;
}): RecordOptions | null {
  const { results, resultsBodies: bodies = false, resultsHeaders: headers = false } = options;
  if (results === undefined) {
    if (bodies || headers) throw new UsageError('--results-bodies and --results-headers need --results FILE');
    return null;
  }
  try {
    closeSync(openSync(results, 'w', 0o600));
  } catch (error) {
    throw new UsageError(`--results: cannot write ${results}: ${systemErrorText(error)}`);
  }
  return { path: resolve(results), bodies, headers };
}
