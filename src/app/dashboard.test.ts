/** The panel of a whole sidecar: what stands in its session and on its board, and who sees it. */
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { bearer, busClient, busHosted, busSidecar, joined } from "./board.test.fixture.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";

afterEach(() => vi.unstubAllEnvs());

it("shows who is there and what is on the board, and takes a person's word", async () => {
  await using scratch = await scratchFolder();
  await using served = await busSidecar(await scratch.repository("repo"));
  const panel = busClient(`http://127.0.0.1:${served.sidecar.port}`);
  using _ana = await joined(served.sidecar.uri, "ana");
  await served.bus.post("/lanes/deploy/claim", { owner: "bo", lease_s: 60 });
  const { body: posted } = await served.bus.post("/message", { topic: "t", sender: "bo", body: "look", action_flag: true });

  const before = await panel.get("/dashboard/state", bearer(served.token));
  const acknowledged = await panel.post("/dashboard/ack", { id: posted["id"] }, bearer(served.token));
  const after = await panel.get("/dashboard/state", bearer(served.token));

  expect(before.body).toMatchObject({
    session: { writable: true, summary: { participants: [{ principal_id: "ana" }] } },
    board: { writable: true, status: { active_lanes: [{ lane: "deploy" }], pending_action_flags: [{ body: "look" }] } },
  });
  expect(acknowledged.body).toMatchObject({ id: posted["id"], acknowledged: { by: expect.stringMatching(/^person:./) } });
  expect(after.body).toMatchObject({ board: { status: { pending_action_flags: [], recent_messages: [{ body: "look" }] } } });
});

it("tells programs whether writes to the board want a secret now", async () => {
  await using scratch = await scratchFolder();
  await using served = await busSidecar(await scratch.repository("repo"));
  using _ana = await joined(served.sidecar.uri, "ana");
  const state = () => busClient(`http://127.0.0.1:${served.sidecar.port}`).get("/dashboard/state", bearer(served.token));

  const open = await state();
  vi.stubEnv("BUS_WRITE_SECRET", "hush");
  const armed = await state();

  expect([open, armed].map(({ body }) => body)).toMatchObject(["open", "armed"].map((writes) => ({ board: { status: { writes } } })));
});

it("gives a link to whoever has the discovery token, and to nobody else", async () => {
  await using scratch = await scratchFolder();
  await using served = await busSidecar(await scratch.repository("repo"));
  const panel = busClient(`http://127.0.0.1:${served.sidecar.port}`);

  const refused = await panel.post("/control/dashboard");
  const { body } = await panel.post("/control/dashboard", {}, bearer(served.token));
  const { body: entered } = await panel.post("/dashboard/enter", { link: String(body["path"]).replace("/#link=", "") });
  const page = bearer(String(entered["token"]));

  expect([refused.status, (await panel.get("/dashboard/state")).status]).toEqual([401, 401]);
  expect([(await panel.get("/dashboard/state", page)).status, (await panel.post("/control/stop", {}, page)).status]).toEqual([200, 401]);
});

it("answers no page of another origin, whatever it brings", async () => {
  await using scratch = await scratchFolder();
  await using served = await busSidecar(await scratch.repository("repo"));
  const panel = busClient(`http://127.0.0.1:${served.sidecar.port}`);
  const foreign = { ...bearer(served.token), origin: "https://example.org" };

  expect([(await panel.get("/dashboard/state", foreign)).status, (await panel.post("/dashboard/ack", {}, foreign)).status]).toEqual([
    403, 403,
  ]);
});

it("hosted, shows each session to bearers of its tokens, and makes none by looking", async () => {
  await using scratch = await scratchFolder();
  const table = {
    "ana-token": { allowed_sessions: ["red"], roles: ["contributor"], holder: "ana" },
    "bo-token": { allowed_sessions: ["blue"] },
    "cy-token": { allowed_sessions: ["*"] },
  };
  await using served = await busHosted(join(scratch.folder, "store"), table);
  const panel = busClient(`http://127.0.0.1:${served.sidecar.port}/session`);
  using _ana = await joined(`ws://127.0.0.1:${served.sidecar.port}/session/red`, "ana", "ana-token");

  const own = await panel.get("/red/dashboard/state", bearer("ana-token"));
  const others = await panel.get("/red/dashboard/state", bearer("bo-token"));
  const none = [
    await panel.get("/green/dashboard/state", bearer("cy-token")),
    await panel.get("/green/dashboard/state", bearer("cy-token")),
  ];

  expect(own.body).toMatchObject({ session: { summary: { session_id: "red", participants: [{ principal_id: "ana" }] } } });
  expect([others.status, ...none.map(({ status }) => status)]).toEqual([401, 404, 404]);
});
