// Placeholder contract until the metrics module lands.
export interface Counts { sent: number; succeeded: number; failed: number; interrupted: number; inFlight: number; drops: Record<'busy' | 'late' | 'local' | 'template', number> }
export interface Tally { readonly counts: Counts }
