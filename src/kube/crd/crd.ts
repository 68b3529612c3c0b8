import { API_VERSION, KIND, LoadTestSpec } from '../../api/loadtest.ts';
import { RULES } from '../../api/rules.ts';
import { LoadTestStatus } from '../../api/status.ts';
import { type StructuralSchema, structuralSchema } from './structural-schema.ts';

const [GROUP, VERSION] = API_VERSION.split('/') as [string, string];
const PLURAL = 'loadtests';

/** What `kubectl get loadtests` shows; those with a priority only with `-o wide`. */
const COLUMNS = [
  { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
  { name: 'Target', type: 'string', jsonPath: '.status.rate.target', description: 'The rate asked for.' },
  { name: 'Rate', type: 'string', jsonPath: '.status.rate.achieved', description: 'The rate achieved.' },
  { name: 'Success', type: 'string', jsonPath: '.status.success' },
  { name: 'P99', type: 'string', jsonPath: '.status.latency.p99' },
  {
    name: 'Votes',
    type: 'integer',
    jsonPath: '.status.votes.highest',
    description: 'The most stop votes that one worker has.',
  },
  {
    name: 'Workers',
    type: 'integer',
    jsonPath: '.status.workers.ready',
    description: 'Workers that are ready.',
  },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status', priority: 1 },
  { name: 'Verdict', type: 'string', jsonPath: '.status.run.verdict', priority: 1 },
  { name: 'Digest', type: 'string', jsonPath: '.status.templates.digest', priority: 1 },
];

/** The custom resource definition of LoadTest. @param descriptions path of a field to what it means */
export function customResourceDefinition(descriptions: ReadonlyMap<string, string>): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${PLURAL}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: KIND,
        listKind: `${KIND}List`,
        plural: PLURAL,
        singular: KIND.toLowerCase(),
        shortNames: ['ldt'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: {
            status: {},
            scale: {
              specReplicasPath: '.spec.workers.replicas',
              statusReplicasPath: '.status.workers.replicas',
              labelSelectorPath: '.status.workers.selector',
            },
          },
          additionalPrinterColumns: COLUMNS,
          schema: { openAPIV3Schema: schema(descriptions) },
        },
      ],
    },
  };
}

function schema(descriptions: ReadonlyMap<string, string>): StructuralSchema {
  return {
    description: 'A load test: what to send, how fast, and until when.',
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: {
        ...structuralSchema(LoadTestSpec, {
          path: 'spec',
          rules: RULES,
          listKeys: { 'spec.variables': 'name' },
          descriptions,
        }),
        description: 'What to send, how fast, and until when.',
      },
      status: {
        ...structuralSchema(LoadTestStatus, {
          path: 'status',
          listKeys: { 'status.conditions': 'type' },
          descriptions,
        }),
        description: 'What has become of it; written by the operator.',
      },
    },
  };
}
