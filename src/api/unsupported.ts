import type { LoadTest } from './loadtest.ts';
import type { Problem } from './problem.ts';

/** The fields of a valid LoadTest that the schema has and this version cannot carry out. */
export function unsupported({ spec }: LoadTest): Problem[] {
  const fields: [path: string, asked: boolean, instead?: string][] = [
    ['spec.http.http2', spec.http?.http2 === true],
    ['spec.http.proxy', spec.http?.proxy !== undefined],
    ['spec.http.resolve', spec.http?.resolve !== undefined],
    ['spec.templates.reload', spec.templates?.reload !== undefined],
    ...['templates', 'targets'].flatMap((block) =>
      (spec[block as 'templates' | 'targets']?.from ?? []).map(({ s3 }, index): [string, boolean, string] => [
        `spec.${block}.from[${index}].s3`,
        s3 !== undefined,
        'use inline, configMap or directory',
      ]),
    ),
    ['spec.results.samples', spec.results.samples > 0],
  ];
  return fields
    .filter(([, asked]) => asked)
    .map(([path, , instead]) => ({
      path,
      value: undefined,
      message: `is not supported yet: ${instead ?? 'leave it out'}`,
    }));
}
