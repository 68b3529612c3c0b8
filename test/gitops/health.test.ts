import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { manifestWith } from '../api/load-test-manifest.ts';
import { type Judgement, judge, judgesMissing } from './judges.ts';
import { STATES } from './states.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lua = join(root, 'deploy/argocd/health.lua');

interface Kustomization {
  spec: { healthCheckExprs: { inProgress: string; failed: string; current: string }[] };
}

/**
 * The table of states with the tools' own code: kstatus, gopher-lua with what Argo CD opens of it, and Flux's evaluator of
 * health expressions.
 */
suite('what GitOps tools take each state of a LoadTest for', { skip: judgesMissing }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'taz-gitops-'));
  after(() => rmSync(dir, { recursive: true }));
  let judgements: Judgement[] = [];

  before(() => {
    const gate = parse(readFileSync(join(root, 'deploy/flux/smoke-test.yaml'), 'utf8')) as Kustomization;
    const [expressions] = gate.spec.healthCheckExprs;
    writeFileSync(join(dir, 'gate.json'), JSON.stringify(expressions));
    judgements = judge(
      STATES.map(({ object }) => object),
      lua,
      join(dir, 'gate.json'),
    );
  });

  for (const [index, { name, kstatus, argocd, gate }] of STATES.entries()) {
    test(name, () => {
      const judgement = judgements[index]!;
      assert.deepEqual(
        [judgement.kstatus.status, judgement.lua.status, judgement.expressions],
        [kstatus, argocd, gate],
      );
      assert.notEqual(judgement.lua.message, '');
    });
  }

  test('what is wrong is said in the words of the condition', () => {
    const failed = STATES.findIndex(({ name }) => name === 'cannot start');
    const { kstatus, lua } = judgements[failed]!;
    assert.deepEqual([kstatus.message, lua.message], ['cannot start: Stalled', 'cannot start: Stalled']);
  });

  test('an object without a status is current to kstatus, which is why a status is written first', () => {
    const bare = { ...manifestWith({}), metadata: { name: 'a', namespace: 'b', generation: 1 } };
    const [judgement] = judge([bare], lua);
    assert.deepEqual([judgement!.kstatus.status, judgement!.lua.status], ['Current', 'Progressing']);
  });
});
