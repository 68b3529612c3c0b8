import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHANGE_CLASSES } from '../../src/api/change-classes.ts';
import { fieldPaths } from '../../src/api/fields.ts';
import { LoadTestSpec } from '../../src/api/loadtest.ts';

test('every field of the schema has a class, and no class is of a field that is not there', () => {
  const fields = fieldPaths(LoadTestSpec, 'spec');
  assert.ok(fields.length > 80);
  assert.deepEqual(Object.keys(CHANGE_CLASSES).sort(), fields.sort());
});

test('the classes are those of the contract', () => {
  const rows: [string, string[]][] = [
    [
      'hot',
      [
        'spec.rate',
        'spec.duration',
        'spec.suspend',
        'spec.maxLag',
        'spec.stopWhen',
        'spec.templates.entry',
        'spec.templates.reload',
        'spec.events.reuse',
        'spec.workers.replicas',
        'spec.workers.maxRatePerWorker',
        'spec.workers.lease',
        'spec.results.keep',
        'spec.variables[].valueFrom.configMapKeyRef.key',
      ],
    ],
    [
      'rolling',
      [
        'spec.workers.template',
        'spec.workers.beside',
        'spec.http.timeout',
        'spec.variables[].valueFrom.secretKeyRef.key',
        'spec.templates.from[].s3.credentials',
      ],
    ],
    ['next run', ['spec.warmup', 'spec.startTimeout', 'spec.events.seed']],
    ['new run', ['spec.http', 'spec.kafka', 'spec.nsq']],
  ];
  for (const [name, fields] of rows)
    for (const field of fields) assert.equal(CHANGE_CLASSES[field], name, field);
});
