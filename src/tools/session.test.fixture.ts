/** A small session for tests of the tools: everything in memory, decided by the same rules as seen from outside. */
import type { JsonObject } from "../wire/json.ts";
import type { BehindView, ClaimView, ConflictView, IntentView, ObservedView, OverlapView } from "../wire/query/views.ts";
import type { RefusalCode } from "../wire/refusals.ts";
import { refsEqual } from "../wire/references.ts";
import { named, refusal } from "./named-fault.test.fixture.ts";
import { type HeldIntent, isLive, viewOf } from "./held.test.fixture.ts";
import { covers, meets } from "./meets.test.fixture.ts";
import { viewWaiting } from "./waiting.test.fixture.ts";
import type { Announced, Announcement, ClaimDecision, Coordination, Outcome } from "./ports/session.ts";

export const NOW_MS = Date.parse("2026-11-21T14:00:00Z");

export class TestSession {
  nowMs = NOW_MS;
  readonly intents = new Map<string, HeldIntent>();
  readonly conflicts = new Map<string, ConflictView>();
  readonly acks: string[] = [];
  /** Every command that reached the session, refused ones too. */
  readonly received: string[] = [];
  readonly notices: string[] = [];
  /** Edits without a task that everybody's question meets. */
  readonly observed: ObservedView[] = [];
  /** What another worktree has and everybody's lacks. */
  readonly behind: BehindView[] = [];
  /** What becomes of the next command: it never arrives, its answer is lost, or it is refused. */
  trouble: "down" | "answer-lost" | "request-lost" | RefusalCode | undefined;
  /** Who has the role of an arbiter and is there. */
  arbiters: string[] = [];
  /** What the coordinator says of the next claim. */
  wordOnClaims: ClaimDecision | undefined = { decision: "approved" };
  /** Claims that are not decided, and who has the role of an owner. */
  readonly claims: ClaimView[] = [];
  owners: string[] = [];
  /** What happens in the session while a call waits for its turn. */
  whileWaiting: (() => void) | undefined;
  readonly waiting = new Map<string, Announcement & { readonly principalId: string }>();
  private readonly requests = new Map<string, Announced>();
  private counter = 0;

  as(principalId: string): Coordination {
    return {
      membership: async () => {
        if (this.trouble === "down") throw named("SidecarUnavailable", "no sidecar answers on port 38123");
        return {
          workspaceDir: "/srv/repo",
          sessionId: "mpac-local-repo-0123456789",
          sidecarUri: "ws://127.0.0.1:38123/session/mpac-local-repo-0123456789",
          principalId,
          takeNotices: () => this.notices.splice(0),
        };
      },
      summary: async ({ paths, limit = 200, cursor }) => {
        const live = [...this.intents.values()].filter(isLive);
        const over = live.filter((intent) => paths === undefined || intent.files.some((file) => paths.some((path) => meets(file, path))));
        const ordered = over
          .toSorted((a, b) => (a.intent_id < b.intent_id ? -1 : 1))
          .filter((intent) => cursor === undefined || intent.intent_id > cursor);
        const page = ordered.slice(0, limit);
        const last = page.at(-1);
        const principals = [...new Set([principalId, ...live.map((intent) => intent.principal_id)])];
        return {
          kind: "summary",
          session_id: "mpac-local-repo-0123456789",
          workspace_dir: "/srv/repo",
          captured_at: this.iso(0),
          participant_count: principals.length,
          active_intent_count: live.length,
          open_conflict_count: this.conflicts.size,
          participants: principals.map((name) => ({
            principal_id: name,
            display_name: name,
            roles: this.owners.includes(name) ? ["owner"] : ["contributor"],
            status: "idle",
            is_available: true,
            last_seen: this.iso(0),
            branch: `${name}-branch`,
            worktree: `/srv/trees/${name}`,
          })),
          active_intents: page.map(viewOf),
          open_conflicts: [...this.conflicts.values()],
          ...(this.claims.length === 0 ? {} : { claims: [...this.claims] }),
          ...viewWaiting(this.waiting, this.iso(0)),
          ...(ordered.length > page.length && last !== undefined ? { next_cursor: last.intent_id } : {}),
        };
      },
      overlap: async (paths) => {
        const overlaps = this.over(paths, principalId);
        const own = [...this.intents.values()].filter((intent) => isLive(intent) && intent.principal_id === principalId);
        const isOwn = paths.every((path) => own.some(({ files }) => files.some((file) => covers(file, path))));
        const mine = isOwn ? { own: own.map(({ intent_id }) => intent_id) } : {};
        return { kind: "overlap", total: overlaps.length, overlaps, observed: this.observed, ...mine };
      },
      intent: async (intentId, target) => {
        const intent = this.intents.get(intentId);
        if (intent === undefined) return null;
        const covered = target === undefined ? {} : { covers_target: intent.files.some((file) => covers(file, target)) };
        const more = {
          ...covered,
          ...(intent.superseded_by === undefined ? {} : { superseded_by: intent.superseded_by }),
          ...intent.ending,
        };
        return { ...viewOf(intent), fence: intent.fence, operations: [...intent.operations], ...more };
      },
      intentBehind: async (intentId) => ({ intent: await this.as(principalId).intent(intentId), behind: this.behind }),
      behind: async () => this.behind,
      announce: (asked) => this.command(`announce ${asked.intentId}`, () => this.announce(principalId, asked)),
      withdraw: (intentId, reason) => this.command(`withdraw ${intentId}`, () => this.end(intentId, "WITHDRAWN", undefined, reason)),
      commit: (commit) =>
        this.command(`commit ${commit.opId} ${commit.opKind}`, () => {
          const intent = this.intents.get(commit.intentId);
          if (intent === undefined) return refusal("intent/unknown", `there is no intent ${commit.intentId}`);
          if (!isLive(intent)) return refusal("intent/ended", `intent ${commit.intentId} is ${intent.state}`);
          if (intent.fence !== commit.fence) return refusal("intent/fence-passed", `intent ${commit.intentId} is at fence ${intent.fence}`);
          if (intent.operations.some((operation) => operation.op_id === commit.opId)) return { ok: true, result: {} };
          if (!refsEqual(commit.stateRefBefore, commit.observed)) return refusal("operation/stale", "stale");
          const { opId, target, stateRefBefore, stateRefAfter } = commit;
          intent.operations.push({
            op_id: opId,
            target,
            state: "COMMITTED",
            state_ref_before: stateRefBefore,
            state_ref_after: stateRefAfter,
          });
          return { ok: true, result: {} };
        }),
      supersede: ({ opId, supersedesOpId, target, intentId, stateRefAfter }) =>
        this.command(`supersede ${supersedesOpId}`, () => {
          const operations = this.intents.get(intentId)?.operations ?? [];
          const index = operations.findIndex((operation) => operation.op_id === supersedesOpId);
          const earlier = operations[index];
          if (earlier === undefined) return refusal("operation/unknown", `there is no operation ${supersedesOpId}`);
          operations[index] = { ...earlier, state: "SUPERSEDED" };
          operations.push({
            op_id: opId,
            target,
            state: "COMMITTED",
            state_ref_before: earlier.state_ref_after,
            state_ref_after: stateRefAfter,
          });
          return { ok: true, result: {} };
        }),
      acknowledge: (conflictId, ackType) =>
        this.command(`acknowledge ${conflictId} ${ackType}`, () => {
          const conflict = this.conflicts.get(conflictId);
          if (conflict === undefined) return refusal("conflict/unknown", `there is no conflict ${conflictId}`);
          this.acks.push(`${principalId} ${ackType}`);
          const acknowledgements = { ...conflict.acknowledgements, [principalId]: ackType };
          this.conflicts.set(conflictId, { ...conflict, acknowledgements, ...(ackType === "disputed" ? {} : { state: "ACKED" }) });
          return { ok: true, result: {} };
        }),
      escalate: ({ conflictId, to }) =>
        this.command(`escalate ${conflictId} ${to ?? "nobody"}`, () => {
          const conflict = this.conflicts.get(conflictId);
          if (conflict === undefined) return refusal("conflict/unknown", `there is no conflict ${conflictId}`);
          const target = to ?? (this.arbiters.length === 1 ? this.arbiters[0] : undefined);
          if (target === undefined) {
            return refusal("principal/unknown", "name whom to escalate to", { candidates: this.arbiters });
          }
          this.conflicts.set(conflictId, { ...conflict, state: "ESCALATED" });
          return { ok: true, result: {} };
        }),
      resolve: ({ conflictId, decision, outcome }) =>
        this.command(`resolve ${conflictId} ${decision}`, () => {
          if (!this.conflicts.delete(conflictId)) return refusal("conflict/unknown", `there is no conflict ${conflictId}`);
          for (const rejected of outcome?.rejected ?? []) this.end(rejected, "WITHDRAWN");
          return { ok: true, result: {} };
        }),
      claim: (claim) =>
        this.command(`claim ${claim.originalIntentId}`, () => {
          const original = this.intents.get(claim.originalIntentId);
          if (original === undefined) return refusal("intent/unknown", `there is no intent ${claim.originalIntentId}`);
          if (original.state !== "SUSPENDED")
            return refusal("intent/not-suspended", `intent ${claim.originalIntentId} is ${original.state}`);
          const standing = this.claims.find((one) => one.intent_id === claim.originalIntentId);
          if (standing !== undefined) {
            const { claim_id, principal_id } = standing;
            return refusal("claim/taken", `${principal_id} claims it already`, { claim_id, principal_id });
          }
          const word = this.wordOnClaims;
          if (word?.decision !== "approved") return { ok: true, result: word };
          this.end(claim.originalIntentId, "TRANSFERRED");
          const { newIntentId: intentId, objective } = claim;
          this.intents.set(
            intentId,
            this.newIntent(principalId, { intentId, objective, files: claim.files ?? original.files, ttlSec: 300 }, 0),
          );
          return { ok: true, result: word };
        }),
      untilBegun: async (intentId, { signal }) => {
        this.whileWaiting?.();
        const asked = this.waiting.get(intentId);
        if (asked === undefined || signal?.aborted === true || this.over(asked.files, principalId).length > 0) return undefined;
        this.waiting.delete(intentId);
        return (this.announce(principalId, { ...asked, requestId: `turn of ${intentId}` }) as { result: Announced }).result;
      },
    };
  }

  /** An intent that is there already. */
  holds(principalId: string, intentId: string, files: readonly string[], objective = "other work", ageMs = 240_000): void {
    this.intents.set(intentId, this.newIntent(principalId, { intentId, files, objective, ttlSec: 3600 }, ageMs));
  }

  end(intentId: string, state: string, by?: string, why?: string): Outcome<unknown> {
    if (this.waiting.delete(intentId)) return { ok: true, result: {} };
    const intent = this.intents.get(intentId);
    if (intent === undefined) return refusal("intent/unknown", `there is no intent ${intentId}`);
    if (!isLive(intent)) return refusal("intent/ended", `intent ${intentId} has ended`);
    intent.state = state;
    if (by !== undefined) intent.superseded_by = by;
    if (why !== undefined) intent.ending = { end_reason: why };
    return { ok: true, result: {} };
  }

  private announce(principalId: string, asked: Parameters<Coordination["announce"]>[0]): Outcome<Announced> {
    const request = `${principalId} ${asked.requestId}`;
    const first = this.requests.get(request);
    if (first !== undefined) return { ok: true, result: first };
    const standing = this.intents.get(asked.intentId);
    if (standing !== undefined) {
      const isWaiting = asked.onOverlap === "wait" && isLive(standing);
      if (!isWaiting || String(standing.files) !== String(asked.files))
        return refusal("id/taken", `intent id ${asked.intentId} is in use; choose another`);
      return { ok: true, result: { fence: standing.fence, conflicts: [], superseded: [] } };
    }
    const others = this.over(asked.files, principalId);
    if (asked.onOverlap !== "proceed" && others.length > 0) {
      const overlaps = others.map(({ announced_at, expires_at, scope, ...rest }) => ({
        ...rest,
        resources: scope.resources ?? [],
        announced_at_ms: Date.parse(announced_at),
        expires_at_ms: Date.parse(expires_at),
      }));
      if (asked.onOverlap === "wait") {
        const ahead = [...this.waiting.keys()].filter((id) => id !== asked.intentId).length;
        this.waiting.set(asked.intentId, { ...asked, principalId });
        const waiting = { deferralId: `deferral-${asked.intentId}`, ahead, holders: overlaps as unknown as JsonObject[] };
        return { ok: true, result: { fence: 0, conflicts: [], superseded: [], waiting } };
      }
      const free = asked.files.filter((path) => others.every(({ paths }) => !paths.includes(path)));
      return refusal("intent/held", "held", { overlaps: overlaps as unknown as JsonObject[], total: overlaps.length, free });
    }
    const own = [...this.intents.values()].filter(
      (intent) =>
        intent.principal_id === principalId && isLive(intent) && intent.files.some((held) => asked.files.some((file) => meets(held, file))),
    );
    for (const intent of own) this.end(intent.intent_id, "SUPERSEDED", asked.intentId);
    const intent = this.newIntent(principalId, asked, 0);
    this.intents.set(asked.intentId, intent);
    const conflicts = others.map((other) => this.openConflict(intent, other));
    const result = { fence: intent.fence, conflicts, superseded: own.map((ended) => ended.intent_id) };
    this.requests.set(request, result);
    return { ok: true, result };
  }

  private openConflict(a: IntentView, b: IntentView): string {
    const conflict_id = `conflict-${(this.counter += 1)}`;
    const parties = { principal_a: a.principal_id, principal_b: b.principal_id, intent_a: a.intent_id, intent_b: b.intent_id };
    this.conflicts.set(conflict_id, {
      conflict_id,
      category: "scope_overlap",
      severity: "medium",
      state: "OPEN",
      description: "both",
      ...parties,
    });
    return conflict_id;
  }

  private newIntent(
    principalId: string,
    asked: { intentId: string; files: readonly string[]; objective: string; ttlSec: number },
    ageMs: number,
  ): HeldIntent {
    return {
      intent_id: asked.intentId,
      principal_id: principalId,
      objective: asked.objective,
      state: "ACTIVE",
      scope: { kind: "file_set", resources: [...asked.files] },
      claimed_by: null,
      announced_at: this.iso(-ageMs),
      expires_at: this.iso(asked.ttlSec * 1000 - ageMs),
      branch: `${principalId}-branch`,
      worktree: `/srv/trees/${principalId}`,
      files: asked.files,
      fence: (this.counter += 1),
      operations: [],
    };
  }

  private over(paths: readonly string[], except: string): OverlapView[] {
    return [...this.intents.values()]
      .filter((intent) => intent.principal_id !== except && isLive(intent))
      .map((intent) => {
        const met = paths.filter((path) => intent.files.some((file) => meets(file, path)));
        return { ...viewOf(intent), kind: "scope" as const, paths: met };
      })
      .filter((overlap) => overlap.paths.length > 0);
  }

  private async command<Result>(name: string, decide: () => Outcome<Result>): Promise<Outcome<Result>> {
    const { trouble } = this;
    if (trouble === "down") throw named("SidecarUnavailable", "no sidecar answers on port 38123");
    this.trouble = undefined;
    if (trouble === "request-lost") throw named("OutcomeUnknown", "the connection broke");
    this.received.push(name);
    if (trouble !== undefined && trouble !== "answer-lost") return refusal(trouble, `refused with ${trouble}`);
    const outcome = decide();
    if (trouble === "answer-lost") throw named("OutcomeUnknown", "the connection broke");
    return outcome;
  }

  private iso(offsetMs: number): string {
    return new Date(this.nowMs + offsetMs).toISOString();
  }
}
