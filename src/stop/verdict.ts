/** Why a run ended. */
export type Verdict = 'Completed' | 'StoppedByVotes' | 'StoppedByUser' | 'Failed';
