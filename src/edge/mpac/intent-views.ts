/** How an intent looks from outside: to everybody in an answer, and to a newcomer whose own it is. */
import { liveIntentsOf } from "../../core/session/read.ts";
import type { SessionState } from "../../core/session/state.ts";
import type { Intent } from "../../core/session/state/intents.ts";
import type { PrincipalId } from "../../wire/ids.ts";
import type { OwnIntent } from "../../wire/mpac/coordinator.ts";
import type { Scope } from "../../wire/mpac/messages.ts";
import type { IntentView } from "../../wire/query/views.ts";
import { fewPaths, fitting } from "./answer-size.ts";
import { rfc3339 } from "./coordinator-voice.ts";

/** Own intents that a newcomer is told of, the last announced ones. */
const OWN = { items: 100, bytes: 500_000 };

/** Characters as JSON of what a scope says beside its resources; a longer one is left out. */
const MAX_BESIDE = 20_000;

export function viewIntent(state: Readonly<SessionState>, intent: Intent): IntentView {
  const worktree = state.participants.get(intent.principal)?.worktree;
  return {
    intent_id: intent.id,
    principal_id: intent.principal,
    objective: intent.objective,
    state: intent.state,
    scope: viewScope(intent.scope),
    claimed_by: (intent.claim === undefined ? undefined : state.claims.get(intent.claim)?.principal) ?? null,
    announced_at: rfc3339(intent.announcedAtMs),
    expires_at: rfc3339(intent.expiresAtMs),
    ...(intent.renews ? { renews: true } : {}),
    ...(worktree === undefined ? {} : { worktree: worktree.path }),
    ...(worktree?.branch === undefined ? {} : { branch: worktree.branch }),
  };
}

function viewScope({ kind, resources, ...rest }: Scope): IntentView["scope"] {
  const beside = JSON.stringify(rest).length <= MAX_BESIDE ? rest : { truncated: true };
  const named = resources === undefined || resources === null ? {} : viewResources(resources);
  return { kind, ...beside, ...named };
}

function viewResources(all: readonly string[]): { readonly resources: string[]; readonly resource_count?: number } {
  const resources = fewPaths(all);
  return resources.length === all.length ? { resources } : { resources, resource_count: all.length };
}

/** A principal's own live intents with what it needs to go on with them, the last announced first where there are too many. */
export function ownIntents(
  state: Readonly<SessionState>,
  principal: PrincipalId,
): { readonly intents: OwnIntent[]; readonly intent_count?: number } {
  const newestFirst = liveIntentsOf(state, principal).reverse();
  const { views, cut } = fitting(newestFirst, viewOwnIntent, OWN);
  return { intents: views.reverse(), ...(cut ? { intent_count: newestFirst.length } : {}) };
}

function viewOwnIntent(intent: Intent): OwnIntent {
  return {
    intent_id: intent.id,
    state: intent.state,
    fence: intent.fence,
    objective: intent.objective,
    ttl_sec: intent.ttlSec,
    ...(intent.renews ? { renews: true } : {}),
    ...viewResources(intent.resources.map((resource) => resource.path)),
    expires_at: rfc3339(intent.expiresAtMs),
  };
}
