import { describe, expect, it } from "vitest";
import { HandoverAnswer, type HandoverRequest } from "../../wire/handover.ts";
import { RECORD_FORMAT } from "../../wire/record.ts";
import { CONTROL } from "../../wire/versions.ts";
import { opsRoutes } from "./ops-edge.ts";

const TOKEN = "t".repeat(43);
const NEWER: HandoverRequest = { control: CONTROL + 1, format: RECORD_FORMAT, version: "9.9.9", pid: 77 };

/** The routes of a sidecar that notes what becomes of it. */
function sidecar(letGo: () => Promise<void> = () => Promise.resolve()) {
  const did: string[] = [];
  const routes = opsRoutes({
    health: () => Promise.reject(new Error("nobody asks")),
    token: TOKEN,
    stop: (reason) => did.push(`stops: ${reason}`),
    letGo: async () => {
      did.push("lets go");
      await letGo();
      did.push("has let go");
    },
  });
  const post = async (path: string, body: unknown, token: string | undefined = TOKEN) => {
    const headers = { "content-type": "application/json", ...(token === "" ? {} : { authorization: `Bearer ${token}` }) };
    const answer = await routes.request(path, { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return { did, post };
}

describe("a handover", () => {
  it("is answered when the log has been let go of, and before the process ends", async () => {
    const { did, post } = sidecar();

    const answer = await post("/control/handover", NEWER);
    const before = [...did];
    await new Promise(setImmediate);

    expect(answer.status).toBe(200);
    expect(HandoverAnswer.parse(answer.body)).toMatchObject({ status: "handed-over", pid: process.pid });
    expect(before).toEqual(["lets go", "has let go"]);
    expect(did).toEqual([...before, "stops: handed over to release 9.9.9"]);
  });

  it("is had by a release of the same number, and by one that says more than this release knows", async () => {
    expect((await sidecar().post("/control/handover", { ...NEWER, control: CONTROL })).status).toBe(200);
    expect((await sidecar().post("/control/handover", { ...NEWER, reason: "an upgrade" })).status).toBe(200);
  });

  it.each([
    { name: "a lower control number", status: 409, successor: { ...NEWER, control: CONTROL - 1 }, says: "restart the coding client" },
    { name: "an older record format", status: 409, successor: { ...NEWER, format: RECORD_FORMAT - 1 }, says: "record format" },
    { name: "no control number", status: 400, successor: { version: "1.0.0" }, says: "{control, format, version, pid?}" },
    { name: "no JSON", status: 400, successor: "{", says: "{control, format, version, pid?}" },
  ])("is refused to a successor of $name, and nothing is touched", async ({ status, successor, says }) => {
    const { did, post } = sidecar();

    const answer = await post("/control/handover", successor);
    await new Promise(setImmediate);

    expect(answer).toMatchObject({ status, body: { detail: expect.stringContaining(says) as string } });
    expect(did).toEqual([]);
  });

  it("goes to one successor: another that asks meanwhile is told of it", async () => {
    let settle: () => void = () => undefined;
    const { did, post } = sidecar(() => new Promise((resolve) => (settle = resolve)));

    const first = post("/control/handover", NEWER);
    const second = await post("/control/handover", { ...NEWER, pid: 78 });
    settle();

    expect((await first).status).toBe(200);
    expect(second).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining("handing over to process 77 already") as string },
    });
    expect(did.filter((what) => what === "lets go")).toHaveLength(1);
  });

  it("that goes wrong ends the sidecar all the same, because it takes nothing any more", async () => {
    const { did, post } = sidecar(() => Promise.reject(new Error("the disk is gone")));

    const answer = await post("/control/handover", NEWER);
    await new Promise(setImmediate);

    expect(answer).toEqual({ status: 500, body: { detail: "the disk is gone" } });
    expect(did.at(-1)).toBe("stops: handed over to release 9.9.9");
  });
});

it.each(["/control/stop", "/control/handover", "/control/anything"])("does nothing at %s without its token", async (path) => {
  const { did, post } = sidecar();

  const answers = [await post(path, NEWER, ""), await post(path, NEWER, "T".repeat(43)), await post(path, NEWER, "short")];
  await new Promise(setImmediate);

  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
  expect(did).toEqual([]);
});
