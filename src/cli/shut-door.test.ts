/** A repository's sidecar that lets nobody in without a token, and those of its own user who bring it without being told. */
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createSessionClient } from "../client/session-client.ts";
import { findSidecar } from "../bridge/find-sidecar.ts";
import { type Scratch, scratchFolder } from "../git/scratch.test.fixture.ts";
import { CONTROL } from "../wire/versions.ts";
import { healthOf, signalbox, startedSidecar, storeOf } from "./program.test.fixture.ts";

const TABLE = '{"bo-token":{"allowed_sessions":["*"],"roles":["contributor"]}}';

/** What a HELLO over a new connection is answered. */
async function answerTo(uri: string, payload: object): Promise<unknown> {
  const socket = new WebSocket(uri);
  await once(socket, "open");
  const sender = { principal_id: "bo", sender_instance_id: "bo:1" };
  socket.send(JSON.stringify({ message_type: "HELLO", message_id: "h", sender, ts: new Date().toISOString(), payload }));
  const [data] = (await once(socket, "message")) as [Buffer];
  socket.terminate();
  const { message_type, payload: said } = JSON.parse(data.toString()) as { message_type: string; payload: { error_code?: string } };
  return said.error_code ?? message_type;
}

/** A bridge's way in: it finds the sidecar, and the token beside its log. */
async function ownClientJoins(scratch: Scratch, repo: string): Promise<string> {
  const store = await storeOf(scratch, repo);
  await using client = createSessionClient({
    principalId: "ana",
    control: CONTROL,
    locate: ({ signal }) => findSidecar(store, scratch.env, signal),
  });
  return (await client.join()).principalId;
}

describe("a sidecar that", () => {
  it.each([
    { name: "wants the token of its discovery file", args: ["--require-token"], env: {}, bo: "CREDENTIAL_REJECTED" },
    { name: "has a table of tokens", args: [], env: { MPAC_TOKEN_TABLE: TABLE }, bo: "SESSION_INFO" },
  ])("$name lets its own user's programs in, and others as it says", async ({ args, env, bo }) => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await startedSidecar({ ...scratch, env: { ...scratch.env, ...env } }, repo, ...args);
    const uri = (await healthOf(scratch, repo))?.uri ?? "";

    const [without, withOne] = [await answerTo(uri, {}), await answerTo(uri, { credential: { type: "bearer_token", value: "bo-token" } })];
    const own = await ownClientJoins(scratch, repo);
    const status = await signalbox(scratch, "status", "--workspace", repo);

    expect([without, withOne, own]).toEqual(["CREDENTIAL_REJECTED", bo, "ana"]);
    expect(status).toMatchObject({ code: 0 });
  });
});
