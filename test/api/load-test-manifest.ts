/** A LoadTest as a parser gives it, with the least that is valid; `spec` is laid over it. */
export function manifestWith(spec: Record<string, unknown> = {}): Record<string, unknown> {
  const scheduled = ['rate', 'stages', 'wave'].some((field) => field in spec);
  const sourced = 'templates' in spec || 'targets' in spec;
  return {
    apiVersion: 'taz.dev/v1alpha1',
    kind: 'LoadTest',
    metadata: { name: 'tracking-api' },
    spec: {
      ...(scheduled ? {} : { rate: '5000/s' }),
      ...(sourced ? {} : { templates: { entry: 'a.json', from: [{ inline: { 'a.json': '{}' } }] } }),
      ...spec,
    },
  };
}
