import { fields, list, text } from './kinds.ts';
import { KeyReference, variableName } from './names.ts';

/** A value that templates read as `it.NAME`: exactly one of value, values, valueFrom is given. */
const Variable = fields({
  name: variableName(),
  value: text(0, 65_536).optional(),
  values: list(text(0, 4096), 'values', 1, 1024).optional(),
  valueFrom: fields({
    secretKeyRef: KeyReference.optional(),
    configMapKeyRef: KeyReference.optional(),
  }).optional(),
});

export const Variables = list(Variable, 'variables', 0, 128);
