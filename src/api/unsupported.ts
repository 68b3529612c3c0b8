import type { LoadTest } from './loadtest.ts';
import type { Problem } from './problem.ts';

/** The fields of a valid LoadTest that the schema has and this version cannot carry out. */
export function unsupported({ spec }: LoadTest): Problem[] {
  const fields: [path: string, asked: boolean][] = [
    ['spec.http.http2', spec.http?.http2 === true],
    ['spec.http.proxy', spec.http?.proxy !== undefined],
    ['spec.http.resolve', spec.http?.resolve !== undefined],
  ];
  return fields
    .filter(([, asked]) => asked)
    .map(([path]) => ({
      path,
      value: undefined,
      message: 'is not supported yet: leave it out',
    }));
}
