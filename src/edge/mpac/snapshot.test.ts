import { describe, expect, it } from "vitest";
import { files, type Play, play, playWith, START_MS } from "../../core/session/session.test.fixture.ts";
import { type Heard, incarnationOf, snapshotOf } from "./snapshot.ts";

const NOTHING_HEARD: Heard = { frontier: new Map(), messageIds: [] };
const rfc3339 = (ms: number): string => new Date(ms).toISOString();

type Entries = readonly Readonly<Record<string, unknown>>[];
interface Snapshot {
  readonly participants: Entries;
  readonly intents: Entries;
  readonly operations: Entries;
  readonly conflicts: Entries;
  readonly [member: string]: unknown;
}

/** As it is written. */
function captured({ state, nowMs }: Play, heard = NOTHING_HEARD): Snapshot {
  return JSON.parse(JSON.stringify(snapshotOf(state, nowMs, heard))) as Snapshot;
}

const commit = { op_id: "op", target: "a", op_kind: "replace", state_ref_before: null, state_ref_after: "sha256:1111111111111111" };

/** Ana works on a file, bo beside her, and both say so. */
function working(settings = {}): Play {
  const played = playWith(["ana", "bo"], { race_lock: false, ...settings });
  played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i1", objective: "mend", scope: files("a"), ttl_sec: 60, priority: "high" });
  played.says("bo", "INTENT_ANNOUNCE", { intent_id: "i2", objective: "paint", scope: files("a", "b") });
  played.says("ana", "OP_COMMIT", { ...commit, intent_id: "i1" });
  return played;
}

describe("a snapshot", () => {
  it("has every member that the specification lists, in an empty session too", () => {
    expect(captured(play())).toMatchObject({
      snapshot_version: 2,
      session_id: "s",
      protocol_version: "0.1.15",
      captured_at: rfc3339(START_MS),
      coordinator_epoch: 1,
      lamport_clock: expect.any(Number) as number,
      anti_replay: { replay_window_sec: 300, recent_message_ids: [], sender_frontier: {} },
      participants: [],
      intents: [],
      operations: [],
      conflicts: [],
      governance_policy: {
        resolution_timeout_sec: expect.any(Number) as number,
        frozen_scope_phase_3_action: "first_committer_wins",
        race_lock: true,
      },
      liveness_policy: { heartbeat_interval_sec: 30, unavailability_timeout_sec: 90, intent_claim_grace_period_sec: 2 },
    });
  });

  it("says of a participant who it is and whether it is there", () => {
    const played = working();
    played.pass(1_000);
    played.says("bo", "GOODBYE", { reason: "user_exit", intent_disposition: "transfer" });

    const [ana, bo] = captured(played).participants;

    expect(ana).toMatchObject({
      principal_id: "ana",
      principal_type: "agent",
      display_name: "ana",
      roles: [],
      status: "idle",
      is_available: true,
      last_seen: rfc3339(START_MS),
      sender_instance_id: "ana:1",
    });
    expect(bo).toMatchObject({ principal_id: "bo", is_available: false, status: "offline", last_seen: rfc3339(START_MS + 1_000) });
  });

  it("says of an intent what it is about and when it ends, by the coordinator's clock", () => {
    expect(captured(working()).intents[0]).toEqual({
      intent_id: "i1",
      principal_id: "ana",
      state: "ACTIVE",
      objective: "mend",
      scope: { kind: "file_set", resources: ["a"] },
      priority: "high",
      ttl_sec: 60,
      received_at: rfc3339(START_MS),
      expires_at: rfc3339(START_MS + 60_000),
    });
  });

  it("says of an operation what it did, and that one belongs to no intent", () => {
    const played = working();
    played.says("bo", "OP_COMMIT", { ...commit, op_id: "alone", target: "z" });

    expect(captured(played).operations).toMatchObject([
      {
        op_id: "op",
        intent_id: "i1",
        principal_id: "ana",
        state: "COMMITTED",
        target: "a",
        state_ref_before: null,
        state_ref_after: commit.state_ref_after,
      },
      { op_id: "alone", intent_id: null },
    ]);
  });

  it("says of a conflict what and whom it is about, and how far it has come", () => {
    const played = working();
    const [opened] = captured(played).conflicts;
    played.says("bo", "CONFLICT_ACK", { conflict_id: String(opened?.["conflict_id"]), ack_type: "accepted" });

    expect(captured(played).conflicts).toMatchObject([
      {
        conflict_id: opened?.["conflict_id"],
        category: "scope_overlap",
        state: "ACKED",
        related_intents: ["i2", "i1"],
        related_ops: [],
        scope_frozen: false,
        acknowledgements: { bo: "accepted" },
      },
    ]);
  });

  it("has what waits: deferrals, claims, and what is suspended for them", () => {
    const played = working();
    played.says("bo", "INTENT_DEFERRED", { deferral_id: "d", scope: files("a"), observed_intent_ids: ["i1"], reason: "later" });
    played.says("ana", "GOODBYE", { reason: "user_exit", intent_disposition: "transfer" });
    const scope = files("a");
    const claim = { claim_id: "c", original_intent_id: "i1", original_principal_id: "ana", new_intent_id: "i3", objective: "go on", scope };
    played.says("bo", "INTENT_CLAIM", claim);

    const snapshot = captured(played);

    expect(snapshot.intents[0]).toMatchObject({ intent_id: "i1", state: "SUSPENDED", claimed_by: "bo" });
    expect(snapshot["deferrals"]).toMatchObject([{ deferral_id: "d", principal_id: "bo", observed_intent_ids: ["i1"], reason: "later" }]);
    expect(snapshot["pending_claims"]).toMatchObject([
      { claim_id: "c", original_intent_id: "i1", new_intent_id: "i3", principal_id: "bo" },
    ]);
  });

  it("says which policies the session was given", () => {
    const settings = {
      compliance: "governance",
      governance: { resolution_timeout_sec: 7, frozen_scope_disable_phase_3: true },
      liveness: { intent_claim_grace_period_sec: 1, backend_health_policy: { enabled: true, on_down: "warn" } },
    };

    const { governance_policy: governance, liveness_policy: liveness } = captured(playWith([], settings));

    expect(governance).toMatchObject({ require_arbiter: true, resolution_timeout_sec: 7 });
    expect(governance).not.toHaveProperty("frozen_scope_phase_3_action");
    expect(liveness).toMatchObject({
      intent_claim_approval: "governance",
      intent_claim_grace_period_sec: 1,
      backend_health_policy: { enabled: true, on_down: "warn" },
    });
  });
});

describe("what keeps replays out", () => {
  const frontier = new Map([
    [incarnationOf("ana", "ana:1"), { atMs: START_MS + 5_000, ts: "2026-11-21T10:00:00Z", lamport: 41 }],
    [incarnationOf("bo", "bo:1"), { atMs: START_MS + 6_000, ts: undefined, lamport: undefined }],
    [incarnationOf("bo", "an earlier life"), { atMs: START_MS, ts: undefined, lamport: 9 }],
  ]);

  it("is what was heard last of each incarnation that stands, and the messages of late", () => {
    const { anti_replay: kept, participants } = captured(working(), { frontier, messageIds: ["m1", "m2"] });

    expect(kept).toEqual({
      replay_window_sec: 300,
      recent_message_ids: ["m1", "m2"],
      sender_frontier: {
        "ana|ana:1": { last_ts: "2026-11-21T10:00:00Z", last_lamport: 41 },
        "bo|bo:1": { last_ts: rfc3339(START_MS + 6_000), last_lamport: 0 },
      },
    });
    expect(participants.map((participant) => participant["last_seen"])).toEqual([rfc3339(START_MS + 5_000), rfc3339(START_MS + 6_000)]);
  });

  it("is what the session itself knows, where it keeps them out", () => {
    const played = working();
    played.state.seenMessages.set("m7", START_MS);

    expect(captured(played, { frontier, messageIds: ["m1"] })["anti_replay"]).toMatchObject({ recent_message_ids: ["m7"] });
  });
});

it("changes nothing of the state that it is made of, and is the same each time", () => {
  const played = working();
  const before = JSON.stringify(captured(played));

  expect(JSON.stringify(captured(played))).toBe(before);
});
