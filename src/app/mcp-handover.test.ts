/** A sidecar that ends while callers over HTTP wait in it: those are told to send again, and nothing is left of their calls. */
import { expect, it } from "vitest";
import { type Body, busSidecar } from "./board.test.fixture.ts";
import { begin, modern, post, toolCall } from "./mcp.test.fixture.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { RECORD_FORMAT } from "../wire/record.ts";
import { CONTROL } from "../wire/versions.ts";

const WAITS = { objective: "o", files: ["a.ts"], on_overlap: "wait", wait_s: 50 };
const structured = ({ body }: { readonly body: Body }) => (body["result"] as { structuredContent: Body }).structuredContent;

async function sidecar(repository: string) {
  const made = await busSidecar(repository);
  const base = `http://127.0.0.1:${made.sidecar.port}`;
  const as = (principal: string) => ({ authorization: `Bearer ${made.token}`, "x-signalbox-principal": principal });
  return {
    url: `${base}/mcp`,
    as,
    async call(principal: string, tool: string, args: Body = {}) {
      const [body, headers] = modern("tools/call", { name: tool, arguments: args });
      return post(`${base}/mcp`, body, { ...headers, ...as(principal) });
    },
    handOver: () => post(`${base}/control/handover`, { control: CONTROL, format: RECORD_FORMAT, version: "9.9.9" }, as("ana")),
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
}

it.each([
  ["hands its log on", "2025-11-25"],
  ["hands its log on", "2026-07-28"],
  ["is stopped", "2025-11-25"],
  ["is stopped", "2026-07-28"],
])("that %s leaves no place of a call of %s that waited", async (how, era) => {
  await using scratch = await scratchFolder();
  const repository = await scratch.repository("repo");
  const first = await sidecar(repository);
  await first.call("bo", "begin_task", { objective: "o", files: ["a.ts"] });
  const session = await begin(first.url, first.as("ana"));
  const waiting = era === "2026-07-28" ? first.call("ana", "begin_task", WAITS) : post(first.url, toolCall("begin_task", WAITS), session);
  await expect.poll(async () => structured(await first.call("bo", "who_is_working"))["waiting"]).toHaveLength(1);

  const handed = how === "hands its log on" ? await first.handOver() : undefined;
  const stopped = first[Symbol.asyncDispose]();
  const cut = await waiting;
  await stopped;
  await using next = await sidecar(repository);

  expect([handed?.status ?? 200, cut.status]).toEqual([200, 503]);
  expect(structured(await next.call("bo", "who_is_working"))["waiting"]).toEqual([]);
});

it("that hands its log on answers those messages of an array that are done, and has only the others sent again", async () => {
  await using scratch = await scratchFolder();
  const repository = await scratch.repository("repo");
  const first = await sidecar(repository);
  await first.call("bo", "begin_task", { objective: "o", files: ["a.ts"] });
  const written = toolCall("post_message", { topic: "t", body: "once" }, 1);

  const answering = post(first.url, [written, toolCall("begin_task", WAITS, 2), toolCall("who_is_working", {}, 3)], first.as("ana"));
  await expect.poll(async () => structured(await first.call("bo", "who_is_working"))["waiting"]).toHaveLength(1);
  await first.handOver();
  const answered = await answering;
  await first[Symbol.asyncDispose]();

  const again = { error: { message: expect.stringContaining("send this again") as string } };
  expect([answered.status, answered.body]).toMatchObject([
    200,
    [
      { id: 1, result: { structuredContent: { ok: true } } },
      { id: 2, ...again },
      { id: 3, ...again },
    ],
  ]);
});

it("that hands its log on has done what it answers so, and nothing that it says is to be sent again", async () => {
  await using scratch = await scratchFolder();
  const repository = await scratch.repository("repo");
  const first = await sidecar(repository);
  await first.call("ana", "who_is_working");
  const write = async (body: string) => ({ body, answered: await first.call("ana", "post_message", { topic: "t", body }) });

  const writing = Array.from({ length: 12 }, (_, index) => write(`before ${index}`));
  const handing = first.handOver();
  const later = Array.from({ length: 4 }, (_, index) => write(`behind ${index}`));
  const [handed, ...written] = await Promise.all([handing, ...writing, ...later]);
  await first[Symbol.asyncDispose]();
  await using next = await sidecar(repository);

  const read = structured(await next.call("bo", "read_messages", { topic: "t" }))["messages"] as readonly Body[];
  const done = written.filter(({ answered }) => answered.status === 200 && structured(answered)["ok"] === true);
  expect([handed.status, done.length > 0, written.every(({ answered }) => [200, 503].includes(answered.status))]).toEqual([
    200,
    true,
    true,
  ]);
  expect(read.map(({ body }) => String(body)).toSorted()).toEqual(done.map(({ body }) => body).toSorted());
});
