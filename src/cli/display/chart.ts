const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/**
 * One character a value, the newest at the right, scaled from 0 to the largest value shown.
 * @param values null: nothing is known of that time
 * @param columns how many of the newest values are shown
 */
export function sparkline(values: readonly (number | null)[], columns: number): string {
  const shown = columns > 0 ? values.slice(-columns) : [];
  const top = Math.max(0, ...shown.map((value) => value ?? 0));
  return shown
    .map((value) => {
      if (value === null) return ' ';
      return top === 0 ? LEVELS[0] : LEVELS[Math.round((value / top) * (LEVELS.length - 1))];
    })
    .join('');
}

/** The two parts of a progress bar that together take `columns`. @param share 0–1 */
export function progressBar(share: number, columns: number): { done: string; left: string } {
  const halves = Math.round(Math.min(1, Math.max(0, share)) * columns * 2);
  const done = '━'.repeat(Math.floor(halves / 2)) + (halves % 2 === 1 ? '╸' : '');
  return { done, left: '─'.repeat(Math.max(0, columns - done.length)) };
}

/** The most dots that votes are drawn with; a higher limit is scaled down. */
const MOST_DOTS = 10;

/** Votes as dots: one lit dot at least for any vote, all lit only at the limit. */
export function voteDots(votes: number, limit: number): { lit: string; unlit: string } {
  const dots = Math.min(limit, MOST_DOTS);
  const scaled = (votes / limit) * dots;
  const lit = votes >= limit ? dots : votes > 0 ? Math.min(dots - 1, Math.max(1, Math.floor(scaled))) : 0;
  return { lit: '●'.repeat(lit), unlit: '○'.repeat(dots - lit) };
}
