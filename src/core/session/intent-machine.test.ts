/**
 * The intent machine (SPEC 15.6.1): a row for each event, a cell for each state it can meet.
 *
 * Two transitions are ours and not in SPEC 15.6.1: a suspended intent may be withdrawn and superseded by its owner.
 */
import { describe, expect, it } from "vitest";
import type { IntentId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { files, gist, type Play, playWith, signalbox } from "./session.test.fixture.ts";

const TTL_MS = 300_000;
const CLAIM_GRACE_MS = 5_000;

type State = "none" | "ACTIVE" | "SUSPENDED" | "WITHDRAWN" | "EXPIRED" | "SUPERSEDED" | "TRANSFERRED";

const intent = (id: string, path = "a.ts", more: JsonObject = {}): JsonObject => ({
  intent_id: id,
  objective: "o",
  scope: files(path),
  ...more,
});
const stateOf = (played: Play, id: string): string => played.state.intents.get(id as IntentId)?.state ?? "none";

/** A session in which a model that is down suspends what its owner holds. */
const SETTINGS: JsonObject = { liveness: { backend_health_policy: { enabled: true, on_down: "suspend_and_claim" } } };
const feels = (played: Play, provider_status: string) =>
  played.says("ana", "HEARTBEAT", { status: "idle", backend_health: { model_id: "m", provider_status } });

/** cy, an arbiter, joins and says that. */
function arbiterSays(played: Play, type: "INTENT_CLAIM" | "RESOLUTION" | "SESSION_CLOSE", payload: JsonObject): Cell[0] {
  played.says("cy", "HELLO", { roles: ["arbiter"] });
  return gist(played.says("cy", type, payload));
}

const lapse = (played: Play) => played.gives({ type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: played.nowMs });

const claim = (played: Play, id: string) =>
  played.says("bo", "INTENT_CLAIM", { claim_id: id, original_intent_id: "i", new_intent_id: `of ${id}` });

/** Brings ana's intent `i` into a state in which nothing else of hers is live. */
const GIVEN: Readonly<Record<State, (played: Play) => void>> = {
  none: () => undefined,
  ACTIVE: (played) => void played.says("ana", "INTENT_ANNOUNCE", intent("i")),
  SUSPENDED(played) {
    played.says("ana", "INTENT_ANNOUNCE", intent("i"));
    lapse(played);
  },
  WITHDRAWN(played) {
    played.says("ana", "INTENT_ANNOUNCE", intent("i"));
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" });
  },
  EXPIRED(played) {
    played.says("ana", "INTENT_ANNOUNCE", intent("i"));
    played.pass(TTL_MS);
  },
  SUPERSEDED(played) {
    played.says("ana", "INTENT_ANNOUNCE", intent("i"));
    played.says("ana", "INTENT_ANNOUNCE", intent("j", "z.ts", { supersedes_intent_id: "i" }));
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "j" });
  },
  TRANSFERRED(played) {
    played.says("ana", "INTENT_ANNOUNCE", intent("i"));
    lapse(played);
    claim(played, "k0");
    played.pass(CLAIM_GRACE_MS);
    played.says("bo", "INTENT_WITHDRAW", { intent_id: "of k0" });
    played.says("ana", "HELLO");
  },
};

/** What happens, and the state that `i` is in afterwards. */
type Cell = readonly [gives: string | readonly string[], becomes: State];
type Row = Readonly<Record<State, Cell>>;

function ended(gives: Cell[0]): Pick<Row, "WITHDRAWN" | "EXPIRED" | "SUPERSEDED" | "TRANSFERRED"> {
  return {
    WITHDRAWN: [gives, "WITHDRAWN"],
    EXPIRED: [gives, "EXPIRED"],
    SUPERSEDED: [gives, "SUPERSEDED"],
    TRANSFERRED: [gives, "TRANSFERRED"],
  };
}

const EVENTS: readonly { readonly name: string; readonly when: (played: Play) => Cell[0]; readonly row: Row }[] = [
  {
    name: "announced again with the same content",
    when: (played) => gist(played.says("ana", "INTENT_ANNOUNCE", intent("i"))),
    row: {
      none: [["IntentAnnounced"], "ACTIVE"],
      ACTIVE: ["standing", "ACTIVE"],
      SUSPENDED: ["standing", "SUSPENDED"],
      ...ended("id/taken"),
    },
  },
  {
    name: "announced again with other content",
    when: (played) => gist(played.says("ana", "INTENT_ANNOUNCE", intent("i", "b.ts"))),
    row: {
      none: [["IntentAnnounced"], "ACTIVE"],
      ACTIVE: ["id/taken", "ACTIVE"],
      SUSPENDED: ["id/taken", "SUSPENDED"],
      ...ended("id/taken"),
    },
  },
  {
    name: "its id announced by another",
    when: (played) => gist(played.says("bo", "INTENT_ANNOUNCE", intent("i"))),
    row: {
      none: [["IntentAnnounced"], "ACTIVE"],
      ACTIVE: ["id/taken", "ACTIVE"],
      SUSPENDED: ["id/taken", "SUSPENDED"],
      ...ended("id/taken"),
    },
  },
  {
    name: "updated by its owner",
    when: (played) => gist(played.says("ana", "INTENT_UPDATE", { intent_id: "i", ttl_sec: 60 })),
    row: {
      none: ["intent/unknown", "none"],
      ACTIVE: [["IntentUpdated"], "ACTIVE"],
      SUSPENDED: ["intent/suspended", "SUSPENDED"],
      ...ended("intent/ended"),
    },
  },
  {
    name: "withdrawn by its owner",
    when: (played) => gist(played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" })),
    row: {
      none: ["intent/unknown", "none"],
      ACTIVE: [["IntentEnded"], "WITHDRAWN"],
      SUSPENDED: [["IntentEnded"], "WITHDRAWN"],
      ...ended("intent/ended"),
    },
  },
  {
    name: "another of its owner announced over it",
    when: (played) => gist(played.says("ana", "INTENT_ANNOUNCE", intent("k"))),
    row: {
      none: [["IntentAnnounced"], "none"],
      ACTIVE: [["IntentEnded", "IntentAnnounced"], "SUPERSEDED"],
      SUSPENDED: [["IntentEnded", "IntentAnnounced"], "SUPERSEDED"],
      ...ended(["IntentAnnounced"]),
    },
  },
  {
    name: "named by supersedes_intent_id",
    when: (played) => gist(played.says("ana", "INTENT_ANNOUNCE", intent("k", "elsewhere.ts", { supersedes_intent_id: "i" }))),
    row: {
      none: ["intent/unknown", "none"],
      ACTIVE: [["IntentEnded", "IntentAnnounced"], "SUPERSEDED"],
      SUSPENDED: [["IntentEnded", "IntentAnnounced"], "SUPERSEDED"],
      ...ended("intent/ended"),
    },
  },
  {
    name: "its time to live over",
    when(played) {
      const before = played.records.length;
      played.pass(TTL_MS);
      return played.records.slice(before).flatMap(({ events }) => events.slice(0, -1).map(({ type }) => type));
    },
    row: { none: [[], "none"], ACTIVE: [["IntentEnded"], "EXPIRED"], SUSPENDED: [["IntentEnded"], "EXPIRED"], ...ended([]) },
  },
  {
    name: "its owner lapsed",
    when: (played) => gist(lapse(played)),
    row: {
      none: [["ParticipantLapsed"], "none"],
      ACTIVE: [["ParticipantLapsed", "IntentSuspended"], "SUSPENDED"],
      SUSPENDED: ["standing", "SUSPENDED"],
      ...ended(["ParticipantLapsed"]),
    },
  },
  {
    name: "its owner gone for good",
    when: (played) => gist(played.says("ana", "GOODBYE", {})),
    row: {
      none: [["ParticipantLeft"], "none"],
      ACTIVE: [["IntentEnded", "ParticipantLeft"], "WITHDRAWN"],
      SUSPENDED: [["IntentEnded", "ParticipantLeft"], "WITHDRAWN"],
      ...ended(["ParticipantLeft"]),
    },
  },
  {
    name: "updated by another",
    when: (played) => gist(played.says("bo", "INTENT_UPDATE", { intent_id: "i", ttl_sec: 60 })),
    row: {
      none: ["intent/unknown", "none"],
      ACTIVE: ["intent/not-owner", "ACTIVE"],
      SUSPENDED: ["intent/not-owner", "SUSPENDED"],
      ...ended("intent/not-owner"),
    },
  },
  {
    name: "withdrawn by another",
    when: (played) => gist(played.says("bo", "INTENT_WITHDRAW", { intent_id: "i" })),
    row: {
      none: ["intent/unknown", "none"],
      ACTIVE: ["intent/not-owner", "ACTIVE"],
      SUSPENDED: ["intent/not-owner", "SUSPENDED"],
      ...ended("intent/not-owner"),
    },
  },
  {
    name: "claimed by another",
    when: (played) => gist(claim(played, "k")),
    row: {
      none: ["intent/unknown", "none"],
      ACTIVE: ["intent/not-suspended", "ACTIVE"],
      SUSPENDED: [["ClaimOpened"], "SUSPENDED"],
      ...ended("intent/ended"),
      TRANSFERRED: ["claim/taken", "TRANSFERRED"],
    },
  },
  {
    name: "claimed, once the grace is over",
    when(played) {
      claim(played, "k");
      const before = played.records.length;
      played.pass(CLAIM_GRACE_MS);
      return played.records.slice(before).flatMap(({ events }) => events.slice(0, -1).map(({ type }) => type));
    },
    row: {
      none: [[], "none"],
      ACTIVE: [[], "ACTIVE"],
      SUSPENDED: [["ClaimDecided", "IntentEnded", "IntentAnnounced"], "TRANSFERRED"],
      ...ended([]),
    },
  },
  {
    name: "claimed, and the claim approved by an arbiter",
    when(played) {
      claim(played, "k");
      return arbiterSays(played, "INTENT_CLAIM", { claim_id: "k", ...signalbox({ decision: "approved" }) });
    },
    row: {
      none: ["claim/unknown", "none"],
      ACTIVE: ["claim/unknown", "ACTIVE"],
      SUSPENDED: [["ClaimDecided", "IntentEnded", "IntentAnnounced"], "TRANSFERRED"],
      ...ended("claim/unknown"),
    },
  },
  {
    name: "claimed, and the claim rejected by an arbiter",
    when(played) {
      claim(played, "k");
      return arbiterSays(played, "INTENT_CLAIM", { claim_id: "k", ...signalbox({ decision: "rejected" }) });
    },
    row: {
      none: ["claim/unknown", "none"],
      ACTIVE: ["claim/unknown", "ACTIVE"],
      SUSPENDED: [["ClaimDecided"], "SUSPENDED"],
      ...ended("claim/unknown"),
    },
  },
  {
    name: "rejected by a resolution",
    when(played) {
      played.says("bo", "CONFLICT_REPORT", { conflict_id: "c", related_intents: ["i"] });
      return arbiterSays(played, "RESOLUTION", { conflict_id: "c", decision: "rejected", outcome: { rejected: ["i"] } });
    },
    row: {
      none: ["conflict/unknown", "none"],
      ACTIVE: [["ConflictResolved", "IntentEnded", "BackoffStarted"], "WITHDRAWN"],
      SUSPENDED: [["ConflictResolved", "IntentEnded", "BackoffStarted"], "WITHDRAWN"],
      ...ended("conflict/unknown"),
    },
  },
  {
    name: "of a session that is closed",
    when: (played) => arbiterSays(played, "SESSION_CLOSE", {}),
    row: {
      none: [["SessionClosed"], "none"],
      ACTIVE: [["IntentEnded", "SessionClosed"], "WITHDRAWN"],
      SUSPENDED: [["IntentEnded", "SessionClosed"], "WITHDRAWN"],
      ...ended(["SessionClosed"]),
    },
  },
  {
    name: "handed over by its leaving owner",
    when: (played) => gist(played.says("ana", "GOODBYE", { intent_disposition: "transfer" })),
    row: {
      none: [["ParticipantLeft"], "none"],
      ACTIVE: [["IntentSuspended", "ParticipantLeft"], "SUSPENDED"],
      SUSPENDED: [["ParticipantLeft"], "SUSPENDED"],
      ...ended(["ParticipantLeft"]),
    },
  },
  {
    name: "left to expire by its leaving owner",
    when: (played) => gist(played.says("ana", "GOODBYE", { intent_disposition: "expire" })),
    row: {
      none: [["ParticipantLeft"], "none"],
      ACTIVE: [["ParticipantLeft"], "ACTIVE"],
      SUSPENDED: [["ParticipantLeft"], "SUSPENDED"],
      ...ended(["ParticipantLeft"]),
    },
  },
  {
    name: "its owner's model down",
    when: (played) => gist(feels(played, "down")),
    row: {
      none: [["BackendReported"], "none"],
      ACTIVE: [["BackendReported", "IntentSuspended"], "SUSPENDED"],
      SUSPENDED: [["ParticipantStatus", "BackendReported"], "SUSPENDED"],
      ...ended(["BackendReported"]),
    },
  },
  {
    name: "its owner's model down and back",
    when(played) {
      feels(played, "down");
      return gist(feels(played, "operational"));
    },
    row: {
      none: [["BackendReported"], "none"],
      ACTIVE: [["BackendReported", "IntentRestored"], "ACTIVE"],
      SUSPENDED: [["BackendReported", "IntentRestored"], "ACTIVE"],
      ...ended(["BackendReported"]),
    },
  },
  {
    name: "its owner joined again",
    when: (played) => gist(played.says("ana", "HELLO", {})),
    row: {
      none: [["ParticipantJoined"], "none"],
      ACTIVE: [["ParticipantJoined"], "ACTIVE"],
      SUSPENDED: [["ParticipantJoined", "IntentRestored"], "ACTIVE"],
      ...ended(["ParticipantJoined"]),
    },
  },
  {
    name: "its owner heard again",
    when: (played) => gist(played.says("ana", "HEARTBEAT", { status: "working" })),
    row: {
      none: [["ParticipantStatus"], "none"],
      ACTIVE: [["ParticipantStatus"], "ACTIVE"],
      SUSPENDED: [["ParticipantStatus", "IntentRestored"], "ACTIVE"],
      ...ended(["ParticipantStatus"]),
    },
  },
];

const STATES = Object.keys(GIVEN) as State[];

describe.each(EVENTS)("an intent $name", ({ when, row }) => {
  it.each(STATES.map((state) => ({ state, gives: row[state][0], becomes: row[state][1] })))(
    "that is $state gives $gives and is $becomes",
    ({ state, gives, becomes }) => {
      const played = playWith(["ana", "bo"], SETTINGS);
      GIVEN[state](played);

      const given = when(played);

      expect(given).toEqual(gives);
      expect(stateOf(played, "i")).toBe(becomes);
    },
  );
});
