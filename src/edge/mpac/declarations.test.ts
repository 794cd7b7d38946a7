/** What a session says of itself to everybody, and which words are the coordinator's alone. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../wire/json.ts";
import { of, type Received, scope, serveSession, type TestClient } from "./mpac-edge.test.fixture.ts";

async function join(client: TestClient, roles: readonly string[] = ["contributor"]): Promise<Received> {
  client.send("HELLO", { display_name: "x", roles, capabilities: [] });
  return client.next(of("SESSION_INFO"));
}

async function infoUnder(settings: JsonObject, roles?: readonly string[]): Promise<Received["payload"]> {
  await using served = await serveSession({ settings });
  using ana = await served.connect("ana");
  return (await join(ana, roles)).payload;
}

describe("SESSION_INFO", () => {
  it.each([
    { name: "core, and changes are declared afterwards", settings: {}, says: ["core", "post_commit"] },
    { name: "governance", settings: { compliance: "governance" }, says: ["governance", "post_commit"] },
    {
      name: "governance, and changes are authorized first",
      settings: { compliance: "governance", execution_model: "pre_commit" },
      says: ["governance", "pre_commit"],
    },
    { name: "core, which authorizes nothing first", settings: { execution_model: "pre_commit" }, says: ["core", "post_commit"] },
  ])("says that the session is $name", async ({ settings, says }) => {
    const { compliance_profile, execution_model } = await infoUnder(settings);

    expect([compliance_profile, execution_model]).toEqual(says);
  });

  it("says which profile, policies, clock and references the session goes by", async () => {
    expect(await infoUnder({ governance: { resolution_timeout_sec: 60 } })).toMatchObject({
      session_id: "s",
      security_profile: "open",
      identity_verified: false,
      watermark_kind: "lamport_clock",
      state_ref_format: "sha256",
      governance_policy: { resolution_timeout_sec: 60, race_lock: true },
      liveness_policy: { heartbeat_interval_sec: 30, unavailability_timeout_sec: 90 },
    });
  });

  it.each([
    { name: "governance without an arbiter", settings: { compliance: "governance" }, roles: ["owner"], warns: true },
    { name: "governance with one", settings: { compliance: "governance" }, roles: ["arbiter"], warns: false },
    { name: "core", settings: {}, roles: ["owner"], warns: false },
    { name: "core that wants one", settings: { governance: { require_arbiter: true } }, roles: ["owner"], warns: true },
  ])("of $name warns: $warns", async ({ settings, roles, warns }) => {
    const { compatibility_errors } = await infoUnder(settings, roles);

    expect((compatibility_errors as string[]).map((error) => error.startsWith("no arbiter is here"))).toEqual(warns ? [true] : []);
  });

  it.each([
    { name: "a version to come", more: { version: "2.0.0" }, says: ["version 2.0.0 is not known here; this session speaks 0.1.15"] },
    { name: "another protocol", more: { protocol: "ACP" }, says: ["protocol ACP is not known here; this session speaks MPAC"] },
    { name: "the original's version", more: { version: "0.1.13" }, says: [] },
    {
      name: "a watermark that cannot be compared",
      more: { watermark: { kind: "vector_clock", value: { ana: 1 }, lamport_value: null } },
      says: ["a watermark is compared by the value of a lamport_clock or by its lamport_value, and this one has no such number"],
    },
    { name: "one that can", more: { watermark: { kind: "vector_clock", value: { ana: 1 }, lamport_value: 1 } }, says: [] },
  ])("takes who comes with $name, and says what of it is not known", async ({ more, says }) => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    ana.send("HELLO", { roles: ["contributor"] }, more);

    expect((await ana.next(of("SESSION_INFO"))).payload["compatibility_errors"]).toEqual(says);
  });

  it("takes who asks for a role that it does not get, and says so", async () => {
    const role_policy = { default_role: "contributor", role_assignments: { ana: ["reviewer"] } };

    const { granted_roles, compatibility_errors } = await infoUnder({ role_policy }, ["reviewer", "arbiter"]);

    expect(granted_roles).toEqual(["reviewer"]);
    expect(compatibility_errors).toEqual(["role arbiter was asked for and is not granted here"]);
  });
});

describe("everybody", () => {
  it("hears at each interval that the coordinator lives, in which epoch, and how things stand", async () => {
    await using served = await serveSession({ settings: { heartbeat_interval_sec: 0.02 } });
    using ana = await served.connect("ana");
    await join(ana);

    const [first, second] = [await ana.next(of("COORDINATOR_STATUS")), await ana.next(of("COORDINATOR_STATUS"))];

    expect(first).toMatchObject({
      coordinator_epoch: 1,
      payload: { event: "heartbeat", session_health: "healthy", active_participants: 1, open_conflicts: 0 },
    });
    expect(second.watermark?.value).toBeGreaterThan(first.watermark?.value ?? 0);
  });

  it("hears that somebody is away", async () => {
    await using served = await serveSession({ settings: { unavailability_timeout_sec: 0.1 } });
    using ana = await served.connect("ana");
    const bo = await served.connect("bo");
    await join(ana);
    await join(bo);

    bo[Symbol.dispose]();

    const away = await ana.next((frame) => frame.payload?.["error_code"] === "PARTICIPANT_UNAVAILABLE");
    expect(away).toMatchObject({ message_type: "PROTOCOL_ERROR", payload: { refers_to: "bo" } });
  });
});

describe("a word of the coordinator", () => {
  it.each(["SESSION_INFO", "INTENT_CLAIM_STATUS", "COORDINATOR_STATUS", "PROTOCOL_ERROR"])(
    "that a participant says, %s, reaches nobody and changes nothing",
    async (type) => {
      await using served = await serveSession();
      using ana = await served.connect("ana");
      using bo = await served.connect("bo");
      await join(ana);
      await join(bo);
      const before = (await served.log()).length;

      bo.send(type, { claim_id: "k", original_intent_id: "i", decision: "approved", event: "heartbeat", error_code: "SESSION_CLOSED" });

      expect((await bo.sofar()).map((frame) => frame.message_type)).toEqual([]);
      expect((await ana.sofar()).map((frame) => frame.message_type)).toEqual(["HELLO"]);
      expect((await served.log()).length).toBe(before);
    },
  );

  it("that ends the session is not a contributor's, and ends nothing", async () => {
    await using served = await serveSession();
    using ana = await served.connect("ana");
    using bo = await served.connect("bo");
    await join(ana);
    await join(bo);

    bo.send("SESSION_CLOSE", { reason: "manual" });

    expect((await bo.next(of("PROTOCOL_ERROR"))).payload["error_code"]).toBe("AUTHORIZATION_FAILED");
    expect((await ana.sofar()).some(of("SESSION_CLOSE"))).toBe(false);
    ana.send("INTENT_ANNOUNCE", { intent_id: "i", scope: scope("a") });
    await ana.next(of("INTENT_ANNOUNCE"));
  });
});

it("says a deferral on to everybody with whose it is and until when it stands", async () => {
  await using served = await serveSession();
  using ana = await served.connect("ana");
  using bo = await served.connect("bo");
  await join(ana);
  await join(bo);

  bo.send("INTENT_DEFERRED", { deferral_id: "d", scope: scope("a"), observed_principals: ["ana"], ttl_sec: 30 });

  const said = await ana.next(of("INTENT_DEFERRED"));
  expect(said).toMatchObject({ sender: { principal_id: "service:coordinator-s" }, payload: { deferral_id: "d", principal_id: "bo" } });
  expect(said.payload).not.toHaveProperty("ttl_sec");
  expect(Date.parse(String(said.payload["expires_at"])) - Date.parse(String(said["ts"]))).toBe(30_000);
});
