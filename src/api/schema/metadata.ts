import { z } from 'zod';
import { fields, map, text } from './kinds.ts';
import { labelKey, labelValue, namespaceName, objectName } from './names.ts';

/** What the API server writes into metadata itself: there in a manifest that was read back, of no meaning to Taz. */
const written = z.unknown().optional();

/** Kubernetes' object metadata, as far as a user writes it. */
export const Metadata = fields(
  {
    name: objectName(),
    namespace: namespaceName().optional(),
    labels: map(labelKey(), labelValue(), 'labels', 128).optional(),
    annotations: map(labelKey(), text(0, 262_144), 'annotations', 128).optional(),
    uid: written,
    generation: written,
    resourceVersion: written,
    creationTimestamp: written,
    deletionTimestamp: written,
    deletionGracePeriodSeconds: written,
    finalizers: written,
    ownerReferences: written,
    managedFields: written,
    selfLink: written,
  },
  ['name', 'namespace', 'labels', 'annotations'],
);
