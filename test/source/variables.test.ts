import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatProblem, ProblemsError } from '../../src/api/problem.ts';
import type { VariableSpec } from '../../src/api/run-spec.ts';
import type { Sets } from '../../src/source/surroundings.ts';
import { resolveVariables } from '../../src/source/variables.ts';
import { surroundings } from './surroundings.ts';

const configMaps = { c: { region: 'eu', toString: 'own' }, empty: {} };
const secrets = { s: { token: 'hunter2' } };
const plain = (value: string) => ({ value, plain: true });
const hidden = (value: string) => ({ value, plain: false });

function resolved(specs: VariableSpec[], sets: Sets = new Map()) {
  return resolveVariables(specs, { ...surroundings({ configMaps, secrets }), sets });
}

function problemsOf(specs: VariableSpec[], sets?: Sets): string[] {
  try {
    resolved(specs, sets);
  } catch (error) {
    assert.ok(error instanceof ProblemsError);
    return error.problems.map(formatProblem);
  }
  assert.fail('they are resolved');
}

const all: VariableSpec[] = [
  { name: 'BaseURL', value: 'http://x' },
  { name: 'Keys', values: ['a', 'b'] },
  { name: 'Region', configMap: { name: 'c', key: 'region' } },
  { name: 'Token', secret: { name: 's', key: 'token' } },
];

test('every kind has its value, and secrets are named', () => {
  assert.deepEqual(resolved(all), {
    variables: { BaseURL: 'http://x', Keys: ['a', 'b'], Region: 'eu', Token: 'hunter2' },
    secrets: ['Token'],
  });
});

test('--set goes before the manifest and adds to it; a secret stays one', () => {
  const sets = new Map([
    ['BaseURL', plain('http://y')],
    ['Region', plain('us')],
    ['Token', hidden('t')],
    ['New', plain('n')],
  ]);
  assert.deepEqual(resolved(all, sets), {
    variables: { BaseURL: 'http://y', Keys: ['a', 'b'], Region: 'us', Token: 't', New: 'n' },
    secrets: ['Token'],
  });
});

test('--set makes up for an object that is not there', () => {
  const specs: VariableSpec[] = [
    { name: 'A', secret: { name: 'x', key: 'k' } },
    { name: 'B', configMap: { name: 'x', key: 'k' } },
  ];
  assert.deepEqual(
    resolved(
      specs,
      new Map([
        ['A', hidden('a')],
        ['B', plain('b')],
      ]),
    ).variables,
    { A: 'a', B: 'b' },
  );
});

test('a plain --set of a secret is refused, with what works', () => {
  const [problem, ...others] = problemsOf(all, new Map([['Token', plain('hunter3')]]));
  assert.deepEqual(others, []);
  assert.match(
    problem!,
    /^spec\.variables\[3\]: Token is a secret.*use --set Token=@FILE or --set Token=env:VARIABLE$/,
  );
  assert.doesNotMatch(problem!, /hunter/);
});

test('a list is not set', () => {
  assert.match(
    problemsOf(all, new Map([['Keys', hidden('a')]])).join(),
    /^spec\.variables\[1\]: Keys is a list: change it in the manifest/,
  );
});

test('everything that is missing is told at once', () => {
  assert.deepEqual(
    problemsOf([
      { name: 'A', configMap: { name: 'x', key: 'k' } },
      { name: 'B', configMap: { name: 'empty', key: 'k' } },
      { name: 'C', secret: { name: 's', key: 'constructor' } },
      { name: 'D', secret: { name: 'c', key: 'region' } },
    ]),
    [
      'spec.variables[0].valueFrom.configMapKeyRef: ConfigMap x (key k) is not in the files given: add its file with -f, or use --set A=value',
      'spec.variables[1].valueFrom.configMapKeyRef: ConfigMap empty has no key k with a text: add its file with -f, or use --set B=value',
      'spec.variables[2].valueFrom.secretKeyRef: Secret s has no key constructor with a text, only token: add its file with -f, or use --set C=@FILE or --set C=env:VARIABLE',
      'spec.variables[3].valueFrom.secretKeyRef: Secret c (key region) is not in the files given: add its file with -f, or use --set D=@FILE or --set D=env:VARIABLE',
    ],
  );
});
