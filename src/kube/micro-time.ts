/** An instant with six digits of a second, as leases and events need it: any other form is refused with status 400. */
export function microTime(wallMs: number): string {
  const microseconds = Math.round((wallMs % 1) * 1000);
  return new Date(Math.trunc(wallMs)).toISOString().replace('Z', `${String(microseconds).padStart(3, '0')}Z`);
}
