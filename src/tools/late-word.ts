/**
 * What becomes of a claim that nobody decided while its call waited: a person may do so hours later. Then the task is taken up at
 * once, and the next result says it.
 */
import type { KnownIntent } from "./own-intent.ts";
import type { Notices } from "./notices.ts";
import type { Claim, ClaimDecision, Wait } from "./ports/session.ts";
import { listed, named, quoted } from "./quote.ts";

/** How long such a word is listened for, in milliseconds. */
const LATE_WORD_MS = 86_400_000;

/** The coordinator's reason where the one who was away has come back. */
const REJOINED = "original_owner_rejoined";

export interface LateWordsOptions {
  /** Counts what was taken over as the caller's own. */
  readonly adopt: (intentId: string) => Promise<KnownIntent | null>;
  readonly notices: Pick<Notices, "expect"> | undefined;
}

/** Listens for the word on a claim, once for each. */
export type HearLate = (claim: Claim, wordWithin: (wait: Wait) => Promise<ClaimDecision | undefined>) => void;

export function createLateWords({ adopt, notices }: LateWordsOptions): HearLate {
  const heard = new Set<string>();

  async function onWord(claim: Claim, word: ClaimDecision | undefined): Promise<void> {
    const taken = word?.decision === "approved" ? await adopt(claim.newIntentId) : null;
    const sentence = word === undefined ? undefined : lateSentence(claim, word, taken);
    if (sentence !== undefined) notices?.expect(claim.newIntentId, sentence);
  }

  return (claim, wordWithin) => {
    const { claimId } = claim;
    if (heard.has(claimId)) return;
    heard.add(claimId);
    void wordWithin({ limitMs: LATE_WORD_MS })
      .then((word) => onWord(claim, word))
      .catch(() => undefined) // what it was taken up with goes wrong with the next call as well
      .finally(() => heard.delete(claimId));
  };
}

/** Why it was not to be. */
export function whyNot({ decision, reason }: ClaimDecision): string {
  return reason === REJOINED ? "its owner is back and goes on with it" : reason === undefined ? decision : quoted(reason).slice(1, -1);
}

/** Nothing of a claim that its owner gave up itself. */
function lateSentence({ originalIntentId, newIntentId }: Claim, word: ClaimDecision, taken: KnownIntent | null): string | undefined {
  const claim = `your claim on ${named(originalIntentId)} was ${word.decision}`;
  if (word.decision === "approved") {
    const by = word.approvedBy === undefined ? "" : ` by ${named(word.approvedBy)}`;
    const what = taken === null ? "it" : listed(taken.scope.resources ?? []);
    return `${claim}${by}: you hold ${what} as ${named(newIntentId)}; read what was left there before you edit it`;
  }
  if (word.decision === "withdrawn" && word.reason !== REJOINED) return undefined;
  return `${claim} (${whyNot(word)}): you hold nothing by it, so work elsewhere`;
}
