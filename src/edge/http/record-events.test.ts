/** Where a client's events begin, and what it is told when they cannot begin there. */
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { StreamId } from "../../wire/ids.ts";
import type { LogRecord } from "../../wire/record.ts";
import { askedAfter, recordEvents } from "./record-events.ts";

const stream = "s/board" as StreamId;

/** A log that begins behind `lost`, and a host that publishes nothing more. */
function source(head: number, lost = 0) {
  const records = Array.from({ length: head }, (_, index) => ({ revision: index + 1, text: JSON.stringify({ revision: index + 1 }) }));
  return {
    engine: {
      async *read(_: StreamId, after: number) {
        yield* records.slice(Math.max(after, lost));
      },
    },
    host: { stream, revision: head, subscribe: () => ({ [Symbol.dispose]: () => undefined }) },
  };
}

const say = ({ revision }: LogRecord) => (revision % 2 === 0 ? undefined : { event: "record", data: String(revision) });

async function firstOf(options: Parameters<typeof recordEvents>[0], count: number) {
  const events = [];
  for await (const event of recordEvents(options)) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

describe("events of records", () => {
  it("follow what the client has, with their revisions as ids, and leave out what is nobody's business", async () => {
    const { signal } = new AbortController();

    expect(await firstOf({ ...source(5), after: 1, signal, say }, 2)).toEqual([
      { id: 3, event: "record", data: "3" },
      { id: 5, event: "record", data: "5" },
    ]);
  });

  it.each([
    { name: "is ahead of the log", from: source(4), after: 9, gap: { after: 9, head: 4 } },
    { name: "is no longer in the log", from: source(9, 6), after: 2, gap: { after: 2, head: 6 } },
  ])("begin with a gap where the revision $name", async ({ from, after, gap }) => {
    const { signal } = new AbortController();
    const [first] = await firstOf({ ...from, after, signal, say }, 1);

    expect({ ...first, data: JSON.parse(first?.data ?? "") }).toEqual({
      id: gap.head,
      event: "gap",
      data: { ...gap, detail: expect.stringContaining("read the state anew") },
    });
  });
});

describe("where a client wants to begin", () => {
  const routes = new Hono().get("/", (context) => {
    const asked = askedAfter(context);
    return "refused" in asked ? context.json(asked, 422) : context.json({ after: asked.after ?? "now" });
  });
  const ask = async (path: string, id?: string) => {
    const response = await routes.request(path, { headers: id === undefined ? {} : { "last-event-id": id } });
    return (await response.json()) as unknown;
  };

  it.each([
    { name: "what is new", path: "/", id: undefined, after: "now" },
    { name: "all", path: "/?after=0", id: undefined, after: 0 },
    { name: "what follows the address", path: "/?after=12", id: undefined, after: 12 },
    { name: "what follows the last event, over the address", path: "/?after=12", id: "15", after: 15 },
    { name: "what follows the address when there was no event", path: "/?after=12", id: "", after: 12 },
  ])("is $name", async ({ path, id, after }) => {
    expect(await ask(path, id)).toEqual({ after });
  });

  it.each([
    ["/?after=", undefined],
    ["/?after=-1", undefined],
    ["/?after=1.5", undefined],
    ["/?after=1e3", undefined],
    ["/?after=%201", undefined],
    ["/?after=9999999999999999", undefined],
    ["/", "x"],
    ["/?after=1", "0x1"],
  ])("is refused with a sentence: %s %s", async (path, id) => {
    expect(await ask(path, id)).toEqual({ refused: expect.stringMatching(/^(after|Last-Event-ID) is the id of the last event/) });
  });
});
