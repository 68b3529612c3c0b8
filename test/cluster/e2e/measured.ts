import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** Tells a figure that the run of tests shows at its end. */
export function measured(what: string, value: string): void {
  const file = process.env['TAZ_MEASURED'];
  if (file !== undefined) appendFileSync(file, `${what}: ${value}\n`);
}

export function readMeasured(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
}
