/**
 * The operation machine (SPEC 16.6.1): a row for every state and event, where changes are declared afterwards and where they
 * are authorized first.
 */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../wire/json.ts";
import type { OpId } from "../../wire/ids.ts";
import { files, gist, type Play, play } from "./session.test.fixture.ts";

type State = "none" | "PROPOSED" | "AUTHORIZED" | "FROZEN" | "COMMITTED" | "REJECTED" | "ABANDONED" | "SUPERSEDED";
type Gives = string | readonly string[];
type Cell = readonly [gives: Gives, becomes: State];

interface Event {
  readonly name: string;
  readonly when: (played: Play) => Gives;
  readonly row: Readonly<Partial<Record<State, Cell>>>;
}

const sha = (digit: string): string => `sha256:${digit.repeat(64)}`;
const change = (more: JsonObject = {}): JsonObject => ({ op_id: "o", target: "a.ts", intent_id: "i", state_ref_after: sha("1"), ...more });
const supersede: JsonObject = { op_id: "o2", supersedes_op_id: "o", target: "a.ts" };
const lapse = (played: Play, principal: string) => played.gives({ type: "ParticipantLapsed", principal, lastHeardAtMs: 0 });

function stateOf({ state }: Play): State {
  const operation = state.operations.get("o" as OpId);
  if (operation?.state === "PROPOSED" && operation.authorizedBy !== undefined) return "AUTHORIZED";
  return operation?.state ?? "none";
}

function table(given: Readonly<Partial<Record<State, () => Play>>>, events: readonly Event[]): void {
  const states = Object.keys(given) as State[];
  describe.each(events)("an operation $name", ({ when, row }) => {
    const rows = states.map((state) => ({ state, gives: row[state]?.[0] ?? "no row", becomes: row[state]?.[1] ?? "no row" }));
    it.each(rows)("that is $state gives $gives and is $becomes", ({ state, gives, becomes }) => {
      const played = given[state]?.() ?? play();
      expect(stateOf(played)).toBe(state);

      expect(when(played)).toEqual(gives);
      expect(stateOf(played)).toBe(becomes);
    });
  });
}

describe("where changes are declared afterwards", () => {
  /** The operation is bo's, its intent ana's, and cy is a reviewer. */
  function joined(): Play {
    const played = play();
    for (const [principal, roles] of Object.entries({ ana: ["contributor"], bo: ["contributor"], cy: ["reviewer"] })) {
      played.says(principal, "HELLO", { roles });
    }
    played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files("a.ts") });
    return played;
  }

  function proposed(then: (played: Play) => unknown = () => undefined): Play {
    const played = joined();
    played.says("bo", "OP_PROPOSE", change());
    then(played);
    return played;
  }

  const given = {
    none: joined,
    PROPOSED: () => proposed(),
    FROZEN: () => proposed((played) => lapse(played, "ana")),
    COMMITTED: () => proposed((played) => played.says("bo", "OP_COMMIT", change())),
    REJECTED: () => proposed((played) => played.says("cy", "OP_REJECT", { op_id: "o", reason: "no" })),
    ABANDONED: () => proposed((played) => lapse(played, "bo")),
    SUPERSEDED: () =>
      proposed((played) => {
        played.says("bo", "OP_COMMIT", change());
        played.says("bo", "OP_SUPERSEDE", { ...supersede, op_id: "o1" });
      }),
  };

  table(given, [
    {
      name: "proposed",
      when: (played) => gist(played.says("bo", "OP_PROPOSE", change())),
      row: {
        none: [["OperationProposed"], "PROPOSED"],
        PROPOSED: ["standing", "PROPOSED"],
        FROZEN: ["standing", "FROZEN"],
        COMMITTED: ["standing", "COMMITTED"],
        REJECTED: ["operation/not-proposed", "REJECTED"],
        ABANDONED: ["operation/not-proposed", "ABANDONED"],
        SUPERSEDED: ["standing", "SUPERSEDED"],
      },
    },
    {
      name: "proposed with other content",
      when: (played) => gist(played.says("bo", "OP_PROPOSE", change({ summary: "other" }))),
      row: {
        none: [["OperationProposed"], "PROPOSED"],
        PROPOSED: ["id/taken", "PROPOSED"],
        FROZEN: ["id/taken", "FROZEN"],
        COMMITTED: ["id/taken", "COMMITTED"],
        REJECTED: ["id/taken", "REJECTED"],
        ABANDONED: ["id/taken", "ABANDONED"],
        SUPERSEDED: ["id/taken", "SUPERSEDED"],
      },
    },
    {
      name: "committed by its author",
      when: (played) => gist(played.says("bo", "OP_COMMIT", change())),
      row: {
        none: ["intent/not-owner", "none"],
        PROPOSED: [["OperationCommitted"], "COMMITTED"],
        FROZEN: ["intent/suspended", "FROZEN"],
        COMMITTED: ["standing", "COMMITTED"],
        REJECTED: ["operation/not-proposed", "REJECTED"],
        ABANDONED: ["operation/not-proposed", "ABANDONED"],
        SUPERSEDED: ["standing", "SUPERSEDED"],
      },
    },
    {
      name: "committed by another",
      when: (played) => gist(played.says("cy", "OP_COMMIT", change({ intent_id: null }))),
      row: {
        none: [["OperationCommitted"], "COMMITTED"],
        PROPOSED: ["id/taken", "PROPOSED"],
        FROZEN: ["id/taken", "FROZEN"],
        COMMITTED: ["id/taken", "COMMITTED"],
        REJECTED: ["id/taken", "REJECTED"],
        ABANDONED: ["id/taken", "ABANDONED"],
        SUPERSEDED: ["id/taken", "SUPERSEDED"],
      },
    },
    {
      name: "rejected by a reviewer",
      when: (played) => gist(played.says("cy", "OP_REJECT", { op_id: "o", reason: "no" })),
      row: {
        none: ["operation/unknown", "none"],
        PROPOSED: [["OperationRejected"], "REJECTED"],
        FROZEN: ["operation/not-proposed", "FROZEN"],
        COMMITTED: ["operation/not-proposed", "COMMITTED"],
        REJECTED: ["operation/not-proposed", "REJECTED"],
        ABANDONED: ["operation/not-proposed", "ABANDONED"],
        SUPERSEDED: ["operation/not-proposed", "SUPERSEDED"],
      },
    },
    {
      name: "rejected by somebody without the role",
      when: (played) => gist(played.says("bo", "OP_REJECT", { op_id: "o", reason: "no" })),
      row: {
        none: ["operation/unknown", "none"],
        PROPOSED: ["principal/no-authority", "PROPOSED"],
        FROZEN: ["principal/no-authority", "FROZEN"],
        COMMITTED: ["principal/no-authority", "COMMITTED"],
        REJECTED: ["principal/no-authority", "REJECTED"],
        ABANDONED: ["principal/no-authority", "ABANDONED"],
        SUPERSEDED: ["principal/no-authority", "SUPERSEDED"],
      },
    },
    {
      name: "whose intent ends",
      when: (played) => gist(played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" })),
      row: {
        none: [["IntentEnded"], "none"],
        PROPOSED: [["IntentEnded", "OperationRejected"], "REJECTED"],
        FROZEN: [["IntentEnded", "OperationRejected"], "REJECTED"],
        COMMITTED: [["IntentEnded"], "COMMITTED"],
        REJECTED: [["IntentEnded"], "REJECTED"],
        ABANDONED: [["IntentEnded"], "ABANDONED"],
        SUPERSEDED: [["IntentEnded"], "SUPERSEDED"],
      },
    },
    {
      name: "whose intent is suspended",
      when: (played) => gist(played.says("ana", "GOODBYE", { intent_disposition: "transfer" })),
      row: {
        none: [["IntentSuspended", "ParticipantLeft"], "none"],
        PROPOSED: [["IntentSuspended", "OperationFrozen", "ParticipantLeft"], "FROZEN"],
        FROZEN: [["ParticipantLeft"], "FROZEN"],
        COMMITTED: [["IntentSuspended", "ParticipantLeft"], "COMMITTED"],
        REJECTED: [["IntentSuspended", "ParticipantLeft"], "REJECTED"],
        ABANDONED: [["IntentSuspended", "ParticipantLeft"], "ABANDONED"],
        SUPERSEDED: [["IntentSuspended", "ParticipantLeft"], "SUPERSEDED"],
      },
    },
    {
      name: "whose intent comes back",
      when: (played) => gist(played.says("ana", "HELLO", { roles: ["contributor"] })),
      row: {
        none: [["ParticipantJoined"], "none"],
        PROPOSED: [["ParticipantJoined"], "PROPOSED"],
        FROZEN: [["ParticipantJoined", "IntentRestored", "OperationThawed"], "PROPOSED"],
        COMMITTED: [["ParticipantJoined"], "COMMITTED"],
        REJECTED: [["ParticipantJoined"], "REJECTED"],
        ABANDONED: [["ParticipantJoined"], "ABANDONED"],
        SUPERSEDED: [["ParticipantJoined"], "SUPERSEDED"],
      },
    },
    {
      name: "whose author leaves",
      when: (played) => gist(played.says("bo", "GOODBYE")),
      row: {
        none: [["ParticipantLeft"], "none"],
        PROPOSED: [["OperationAbandoned", "ParticipantLeft"], "ABANDONED"],
        FROZEN: [["OperationAbandoned", "ParticipantLeft"], "ABANDONED"],
        COMMITTED: [["ParticipantLeft"], "COMMITTED"],
        REJECTED: [["ParticipantLeft"], "REJECTED"],
        ABANDONED: [["ParticipantLeft"], "ABANDONED"],
        SUPERSEDED: [["ParticipantLeft"], "SUPERSEDED"],
      },
    },
    {
      name: "superseded",
      when: (played) => gist(played.says("bo", "OP_SUPERSEDE", supersede)),
      row: {
        none: ["operation/unknown", "none"],
        PROPOSED: ["operation/not-committed", "PROPOSED"],
        FROZEN: ["operation/not-committed", "FROZEN"],
        COMMITTED: [["OperationSuperseded"], "SUPERSEDED"],
        REJECTED: ["operation/not-committed", "REJECTED"],
        ABANDONED: ["operation/not-committed", "ABANDONED"],
        SUPERSEDED: ["operation/not-committed", "SUPERSEDED"],
      },
    },
  ]);
});

describe("where changes are authorized first", () => {
  const settings: JsonObject = {
    compliance: "governance",
    execution_model: "pre_commit",
    liveness: { backend_health_policy: { enabled: true, on_down: "suspend_and_claim" } },
  };
  const feels = (provider_status: string): JsonObject => ({ backend_health: { model_id: "m", provider_status } });

  /** Operation and intent are ana's, and cy is an arbiter. */
  function joined(): Play {
    const played = play(settings);
    for (const [principal, roles] of Object.entries({ ana: ["contributor"], bo: ["contributor"], cy: ["arbiter"] })) {
      played.says(principal, "HELLO", { roles });
    }
    played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files("a.ts") });
    return played;
  }

  function authorized(then: (played: Play) => unknown = () => undefined): Play {
    const played = joined();
    played.says("ana", "OP_PROPOSE", change());
    then(played);
    return played;
  }

  /** bo has announced the same file, and nobody has said yet who goes first. */
  function contested(): Play {
    const played = joined();
    played.says("bo", "INTENT_ANNOUNCE", { intent_id: "b", scope: files("a.ts"), extensions: { signalbox: { on_overlap: "proceed" } } });
    played.says("ana", "OP_PROPOSE", change());
    return played;
  }

  const given = {
    none: joined,
    PROPOSED: contested,
    AUTHORIZED: () => authorized(),
    FROZEN: () => authorized((played) => played.says("ana", "HEARTBEAT", feels("down"))),
    COMMITTED: () => authorized((played) => played.says("ana", "OP_COMMIT", change())),
    REJECTED: () => authorized((played) => played.says("cy", "OP_REJECT", { op_id: "o", reason: "no" })),
    ABANDONED: () =>
      authorized((played) => {
        lapse(played, "ana");
        played.says("ana", "HEARTBEAT");
      }),
    SUPERSEDED: () =>
      authorized((played) => {
        played.says("ana", "OP_COMMIT", change());
        played.says("ana", "OP_SUPERSEDE", { ...supersede, op_id: "o1" });
      }),
  };

  table(given, [
    {
      name: "proposed",
      when: (played) => gist(played.says("ana", "OP_PROPOSE", change())),
      row: {
        none: [["OperationProposed", "OperationAuthorized"], "AUTHORIZED"],
        PROPOSED: ["standing", "PROPOSED"],
        AUTHORIZED: ["standing", "AUTHORIZED"],
        FROZEN: ["standing", "FROZEN"],
        COMMITTED: ["standing", "COMMITTED"],
        REJECTED: ["operation/not-proposed", "REJECTED"],
        ABANDONED: ["operation/not-proposed", "ABANDONED"],
        SUPERSEDED: ["standing", "SUPERSEDED"],
      },
    },
    {
      name: "committed by its author",
      when: (played) => gist(played.says("ana", "OP_COMMIT", change())),
      row: {
        none: [["OperationProposed", "OperationAuthorized"], "AUTHORIZED"],
        PROPOSED: ["operation/not-authorized", "PROPOSED"],
        AUTHORIZED: [["OperationCommitted"], "COMMITTED"],
        FROZEN: ["intent/suspended", "FROZEN"],
        COMMITTED: ["standing", "COMMITTED"],
        REJECTED: ["operation/not-proposed", "REJECTED"],
        ABANDONED: ["operation/not-proposed", "ABANDONED"],
        SUPERSEDED: ["standing", "SUPERSEDED"],
      },
    },
    {
      name: "committed by another",
      when: (played) => gist(played.says("bo", "OP_COMMIT", change())),
      row: {
        none: ["intent/not-owner", "none"],
        PROPOSED: ["id/taken", "PROPOSED"],
        AUTHORIZED: ["id/taken", "AUTHORIZED"],
        FROZEN: ["id/taken", "FROZEN"],
        COMMITTED: ["id/taken", "COMMITTED"],
        REJECTED: ["id/taken", "REJECTED"],
        ABANDONED: ["id/taken", "ABANDONED"],
        SUPERSEDED: ["id/taken", "SUPERSEDED"],
      },
    },
    {
      name: "that nobody is in the way of any more",
      when: (played) => {
        const open = [...played.state.liveConflicts];
        return open.flatMap((conflict_id) => gist(played.says("cy", "RESOLUTION", { conflict_id, decision: "approved" })));
      },
      row: {
        none: [[], "none"],
        PROPOSED: [["ConflictResolved", "OperationAuthorized"], "AUTHORIZED"],
        AUTHORIZED: [[], "AUTHORIZED"],
        FROZEN: [[], "FROZEN"],
        COMMITTED: [[], "COMMITTED"],
        REJECTED: [[], "REJECTED"],
        ABANDONED: [[], "ABANDONED"],
        SUPERSEDED: [[], "SUPERSEDED"],
      },
    },
    {
      name: "rejected by an arbiter",
      when: (played) => gist(played.says("cy", "OP_REJECT", { op_id: "o", reason: "no" })),
      row: {
        none: ["operation/unknown", "none"],
        PROPOSED: [["OperationRejected"], "REJECTED"],
        AUTHORIZED: [["OperationRejected"], "REJECTED"],
        FROZEN: ["operation/not-proposed", "FROZEN"],
        COMMITTED: ["operation/not-proposed", "COMMITTED"],
        REJECTED: ["operation/not-proposed", "REJECTED"],
        ABANDONED: ["operation/not-proposed", "ABANDONED"],
        SUPERSEDED: ["operation/not-proposed", "SUPERSEDED"],
      },
    },
    {
      name: "whose intent ends",
      when: (played) => gist(played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" })),
      row: {
        none: [["IntentEnded"], "none"],
        PROPOSED: [["IntentEnded", "OperationRejected"], "REJECTED"],
        AUTHORIZED: [["IntentEnded", "OperationRejected"], "REJECTED"],
        FROZEN: [["IntentEnded", "OperationRejected"], "REJECTED"],
        COMMITTED: [["IntentEnded"], "COMMITTED"],
        REJECTED: [["IntentEnded"], "REJECTED"],
        ABANDONED: [["IntentEnded"], "ABANDONED"],
        SUPERSEDED: [["IntentEnded"], "SUPERSEDED"],
      },
    },
    {
      name: "whose intent is suspended",
      when: (played) => gist(played.says("ana", "HEARTBEAT", feels("down"))),
      row: {
        none: [["BackendReported", "IntentSuspended"], "none"],
        PROPOSED: [["BackendReported", "IntentSuspended", "OperationFrozen"], "FROZEN"],
        AUTHORIZED: [["BackendReported", "IntentSuspended", "OperationFrozen"], "FROZEN"],
        FROZEN: ["standing", "FROZEN"],
        COMMITTED: [["BackendReported", "IntentSuspended"], "COMMITTED"],
        REJECTED: [["BackendReported", "IntentSuspended"], "REJECTED"],
        ABANDONED: [["BackendReported", "IntentSuspended"], "ABANDONED"],
        SUPERSEDED: [["BackendReported", "IntentSuspended"], "SUPERSEDED"],
      },
    },
    {
      name: "whose intent comes back",
      when: (played) => gist(played.says("ana", "HEARTBEAT", feels("operational"))),
      row: {
        none: [["BackendReported"], "none"],
        PROPOSED: [["BackendReported"], "PROPOSED"],
        AUTHORIZED: [["BackendReported"], "AUTHORIZED"],
        FROZEN: [["BackendReported", "IntentRestored", "OperationThawed"], "AUTHORIZED"],
        COMMITTED: [["BackendReported"], "COMMITTED"],
        REJECTED: [["BackendReported"], "REJECTED"],
        ABANDONED: [["BackendReported"], "ABANDONED"],
        SUPERSEDED: [["BackendReported"], "SUPERSEDED"],
      },
    },
    {
      name: "whose author lapses",
      when: (played) => gist(lapse(played, "ana")),
      row: {
        none: [["ParticipantLapsed", "IntentSuspended"], "none"],
        PROPOSED: [["ParticipantLapsed", "OperationAbandoned", "IntentSuspended"], "ABANDONED"],
        AUTHORIZED: [["ParticipantLapsed", "OperationAbandoned", "IntentSuspended"], "ABANDONED"],
        FROZEN: [["ParticipantLapsed", "OperationAbandoned"], "ABANDONED"],
        COMMITTED: [["ParticipantLapsed", "IntentSuspended"], "COMMITTED"],
        REJECTED: [["ParticipantLapsed", "IntentSuspended"], "REJECTED"],
        ABANDONED: [["ParticipantLapsed", "IntentSuspended"], "ABANDONED"],
        SUPERSEDED: [["ParticipantLapsed", "IntentSuspended"], "SUPERSEDED"],
      },
    },
    {
      name: "superseded",
      when: (played) => gist(played.says("ana", "OP_SUPERSEDE", supersede)),
      row: {
        none: ["operation/unknown", "none"],
        PROPOSED: ["operation/not-committed", "PROPOSED"],
        AUTHORIZED: ["operation/not-committed", "AUTHORIZED"],
        FROZEN: ["operation/not-committed", "FROZEN"],
        COMMITTED: [["OperationSuperseded"], "SUPERSEDED"],
        REJECTED: ["operation/not-committed", "REJECTED"],
        ABANDONED: ["operation/not-committed", "ABANDONED"],
        SUPERSEDED: ["operation/not-committed", "SUPERSEDED"],
      },
    },
  ]);
});
