/** The bus as our own bridge meets it: in the name of a principal of the session, by the word of this machine's user. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Body, type BusSidecar, inRepository, joined, shared } from "./board.test.fixture.ts";

let served: BusSidecar;

beforeAll(
  shared(inRepository, (opened) => {
    served = opened;
  }),
);

let names = 0;
/** A lane that no other test has. */
const lane = (): string => `/lanes/lane-${(names += 1)}`;
const MESSAGE = { topic: "news", sender: "ana", body: "hello", action_flag: false };

describe("our own bridge", () => {
  it("speaks in the name of its principal and of names under it, and of nobody else", async () => {
    const path = lane();
    const headers = served.bridge("клод:ana");
    const claimed = await served.bus.post(`${path}/claim`, { owner: "клод:ana/tests" }, headers);
    const foreign = await served.bus.post(`${path}/claim`, { owner: "клод:ana2" }, headers);
    const post = await served.bus.post("/message", { ...MESSAGE, sender: "bo" }, headers);

    expect([claimed.status, claimed.body["asserted"]]).toEqual([200, false]);
    expect([foreign.status, foreign.body["detail"]]).toEqual([
      403,
      expect.stringMatching(/^owner must be клод:ana or begin with клод:ana\//),
    ]);
    expect([post.status, post.body["detail"]]).toEqual([403, expect.stringMatching(/^sender must be /)]);
  });

  it("is not believed without the token, and a wrong one is told", async () => {
    const { authorization: _without, ...named } = served.bridge("ana");
    const stale = await served.bus.post("/message", MESSAGE, { ...named, authorization: "Bearer of-yesterday" });

    expect((await served.bus.post("/message", MESSAGE, named)).body["asserted"]).toBe(true);
    expect([stale.status, stale.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  });

  it.each([
    { how: "leave", name: "ana-who-leaves" },
    { how: "die", name: "ana-who-dies" },
  ] as const)(
    "holds lanes that are orphaned when its principal does $how, and can be taken when their lease ends",
    async ({ how, name }) => {
      const path = lane();
      using ana = await joined(served.sidecar.uri, name);
      await served.bus.post(`${path}/claim`, { owner: name }, served.bridge(name));
      await served.bus.post(`${lane()}/claim`, { owner: name });
      const shown = async (list: string) => {
        const { body } = await served.bus.get("/status");
        const own = (body[list] as Body[]).filter(({ owner }) => owner === name);
        return own.map(({ asserted, owner_gone }) => `asserted ${String(asserted)}, gone ${String(owner_gone)}`).sort();
      };

      const before = [await shown("active_lanes"), await shown("orphaned_claims")];
      ana[how]();
      await expect.poll(() => shown("orphaned_claims")).toHaveLength(1);
      const after = [await shown("active_lanes"), await shown("orphaned_claims")];

      expect(before).toEqual([["asserted false, gone undefined", "asserted true, gone undefined"], []]);
      expect(after).toEqual([["asserted false, gone true", "asserted true, gone undefined"], ["asserted false, gone true"]]);
      expect((await served.bus.post(`${path}/claim`, { owner: "bo" })).status).toBe(409);
    },
  );
});
