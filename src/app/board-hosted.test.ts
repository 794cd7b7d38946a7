/** The buses of a hosted sidecar: one for each session, behind the tokens that open it. */
import { beforeAll, describe, expect, it } from "vitest";
import { bearer, type Body, busHosted, joined, shared } from "./board.test.fixture.ts";

const TABLE = {
  "ana-token": { allowed_sessions: ["red"], roles: ["owner"], holder: "ana" },
  "bo-token": { allowed_sessions: ["red", "blue"], roles: ["contributor"] },
  "cy-token": { allowed_sessions: ["red"], roles: ["contributor"] },
};

let served: Awaited<ReturnType<typeof busHosted>>;

beforeAll(
  shared(
    (scratch) => busHosted(`${scratch.folder}/store`, TABLE),
    (opened) => {
      served = opened;
    },
  ),
);

const post = (sender: string, token: string, session = "red") =>
  served.bus(session).post("/message", { topic: "t", sender, body: "b" }, bearer(token));

describe("a session's bus", () => {
  it.each(["/status", "/messages", "/events"])("is not read at %s without a token that opens it", async (path) => {
    const red = served.bus("red");
    const answers = [await red.get(path), await red.get(path, bearer("nobody's")), await served.bus("blue").get(path, bearer("ana-token"))];

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(answers.map(({ body }) => body["detail"])).toEqual([
      expect.stringMatching(/^a token is needed here; send Authorization: Bearer/),
      expect.stringMatching(/not known here/),
      expect.stringMatching(/not for this session/),
    ]);
  });

  it("is its own: what one session says, no other hears", async () => {
    await post("bo", "bo-token", "blue");
    const lanes = await Promise.all(
      ["red", "blue"].map((session) => served.bus(session).post("/lanes/deploy/claim", { owner: "bo" }, bearer("bo-token"))),
    );
    const senders = async (session: string) =>
      ((await served.bus(session).get("/messages", bearer("bo-token"))).body["messages"] as Body[]).length;

    expect(lanes.map(({ status }) => status)).toEqual([200, 200]);
    expect([await senders("blue"), await senders("red")]).toEqual([1, 0]);
  });

  it("is nowhere without a session", async () => {
    const answer = await fetch(`http://127.0.0.1:${served.sidecar.port}/api/bus/status`, { headers: bearer("bo-token") });

    expect([answer.status, await answer.json()]).toEqual([404, { detail: "the boards of a hosted sidecar are at /session/<id>/api/bus" }]);
  });
});

describe("the name of a bearer", () => {
  it("is its holder's, or begins with that", async () => {
    const answers = [await post("ana", "ana-token"), await post("ana/tests", "ana-token"), await post("anatol", "ana-token")];

    expect(answers.map(({ status, body }) => [status, body["asserted"]])).toEqual([
      [200, false],
      [200, false],
      [403, undefined],
    ]);
    expect(answers[2]?.body["detail"]).toBe("sender must be ana or begin with ana/, because that is who you are here");
  });

  it("is only asserted where its token has no holder and joined under none", async () => {
    const { status, body } = await post("somebody", "bo-token");

    expect([status, body["asserted"]]).toEqual([200, true]);
  });

  it("is also the one that it joined the session under, which is nobody else's", async () => {
    using _bo = await joined(`ws://127.0.0.1:${served.sidecar.port}/session/red`, "claude:bo@/srv", "bo-token");

    const own = [
      await post("claude:bo@/srv", "bo-token"),
      await post("claude:bo@/srv/tests", "bo-token"),
      await post("claude:bo@/srv#2", "bo-token"),
    ];
    const thief = await post("claude:bo@/srv", "cy-token");

    expect(own.map(({ status, body }) => [status, body["asserted"]])).toEqual([
      [200, false],
      [200, false],
      [200, false],
    ]);
    expect([thief.status, thief.body["detail"]]).toEqual([403, expect.stringMatching(/a name of somebody else's in this session/)]);
  });
});

describe("a lane of a bearer", () => {
  const lane = (owner: string, token: string, name: string) => served.bus("red").post(`/lanes/${name}/claim`, { owner }, bearer(token));

  it("is not had by the same name without proof", async () => {
    await lane("ana", "ana-token", "proven");
    const asserted = await lane("ana", "bo-token", "proven");

    expect([asserted.status, asserted.body["detail"]]).toEqual([409, expect.stringMatching(/another ana, who has proven that name,/)]);
  });

  it.each([
    { how: "leave", name: "dan" },
    { how: "die", name: "dee" },
  ] as const)("is orphaned when the participant of that name does $how, and not while there never was one", async ({ how, name }) => {
    const uri = `ws://127.0.0.1:${served.sidecar.port}/session/red`;
    using gone = await joined(uri, name, "cy-token");
    await lane(name, "cy-token", `of-${name}`);
    await lane("ana", "ana-token", "of-ana");
    const orphans = async () =>
      ((await served.bus("red").get("/status", bearer("cy-token"))).body["orphaned_claims"] as Body[]).map(({ lane: own }) => own);

    const before = await orphans();
    gone[how]();

    await expect.poll(orphans).toContain(`of-${name}`);
    expect(before).not.toContain(`of-${name}`);
    expect(before).not.toContain("of-ana");
  });
});
