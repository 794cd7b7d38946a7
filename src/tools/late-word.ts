/**
 * What becomes of a claim that nobody decided while its call waited: a person may do so hours later. Then the task is taken up at
 * once, and the next result says it.
 */
import type { KnownIntent } from "./own-intent.ts";
import type { Notices } from "./notices.ts";
import type { Claim, ClaimDecision, Wait } from "./ports/session.ts";
import { called, listed, named } from "./quote.ts";

/** How long such a word is listened for, in milliseconds. */
const LATE_WORD_MS = 86_400_000;

/** The coordinator's reason where the one who was away has come back. */
const REJOINED = "original_owner_rejoined";

export interface LateWordsOptions {
  /** Counts what was taken over as the caller's own; null for what is nobody's by now. */
  readonly adopt: (intentId: string) => Promise<KnownIntent | null>;
  /** Whether a call that asks for the claim is under way, which hears the word and tells of it. */
  readonly isAsked: (claimId: string) => boolean;
  readonly notices: Pick<Notices, "expect"> | undefined;
}

/** Listens for the word on a claim, once for each. */
export type HearLate = (claim: Claim, wordWithin: (wait: Wait) => Promise<ClaimDecision | undefined>) => void;

export function createLateWords({ adopt, isAsked, notices }: LateWordsOptions): HearLate {
  const heard = new Set<string>();

  async function onWord(claim: Claim, word: ClaimDecision | undefined): Promise<void> {
    if (word === undefined || isAsked(claim.claimId)) return;
    const taken = word.decision === "approved" ? await adopt(claim.newIntentId) : null;
    const sentence = lateSentence(claim, word, taken);
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
  return reason === REJOINED ? "its owner is back and goes on with it" : called(reason ?? decision);
}

/** Nothing of a claim that its owner gave up itself, nor of a task that it gave up at once. */
function lateSentence({ originalIntentId, newIntentId }: Claim, word: ClaimDecision, taken: KnownIntent | null): string | undefined {
  const claim = `your claim on ${named(originalIntentId)} was ${word.decision}`;
  if (word.decision === "approved") {
    if (taken === null) return undefined;
    const by = word.approvedBy === undefined ? "" : ` by ${named(word.approvedBy)}`;
    return `${claim}${by}: you hold ${listed(taken.scope.resources ?? [])} as ${named(newIntentId)}; read what was left there before you edit it`;
  }
  if (word.decision === "withdrawn" && word.reason !== REJOINED) return undefined;
  return `${claim} (${whyNot(word)}): you hold nothing by it, so work elsewhere`;
}
