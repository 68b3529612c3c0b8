import type { PagedVector } from '../../metrics/paged-vector.ts';

/** A vector of which most entries are 0: pairs of how many zeros are skipped and how many entries follow. */
export interface SparseVector {
  runs: number[];
  values: number[];
}

export function toSparse(vector: PagedVector): SparseVector {
  const runs: number[] = [];
  const values: number[] = [];
  let end = 0;
  vector.forEach((value, index) => {
    if (index === end && runs.length > 0) runs[runs.length - 1]! += 1;
    else runs.push(index - end, 1);
    values.push(value);
    end = index + 1;
  });
  return { runs, values };
}

/** @param into a vector of zeros @throws RangeError when it is too short */
export function fromSparse({ runs, values }: SparseVector, into: PagedVector): void {
  let index = 0;
  let next = 0;
  for (let run = 0; run < runs.length; run += 2) {
    index += runs[run]!;
    for (let left = runs[run + 1]!; left > 0; left--) into.set(index++, values[next++]!);
  }
  if (index > into.length) throw new RangeError(`${index} entries do not fit into ${into.length}`);
}
