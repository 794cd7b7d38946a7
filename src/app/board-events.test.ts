/** The events of a bus, as a client follows them that loses its connection now and then. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Body, type BusSidecar, busSidecar, inRepository, shared } from "./board.test.fixture.ts";
import type { Scratch } from "../git/scratch.test.fixture.ts";

let scratch: Scratch;
let served: BusSidecar;

beforeAll(
  shared(inRepository, (opened, folder) => {
    served = opened;
    scratch = folder;
  }),
);

interface Event {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: Body;
}

/** Follows until disposed. */
async function follow(query = "", headers: Record<string, string> = {}) {
  const gone = new AbortController();
  const answer = await fetch(`${served.bus.base}/events${query}`, { headers, signal: gone.signal });
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  let text = "";
  return {
    status: answer.status,
    type: answer.headers.get("content-type"),
    async next(): Promise<Event> {
      for (;;) {
        const end = text.indexOf("\n\n");
        if (end === -1) {
          const { done, value } = await reader.read();
          if (done) throw new Error("the stream has ended");
          text += Buffer.from(value).toString();
          continue;
        }
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
        if (field("data") !== undefined) return { id: field("id"), event: field("event"), data: JSON.parse(field("data") ?? "") as Body };
      }
    },
    [Symbol.dispose]: () => gone.abort(),
  };
}

const post = (body: string) => served.bus.post("/message", { topic: "t", sender: "ana", body });
const changesOf = ({ data }: Event) => data["changes"] as Body[];
const revision = async () => Number((await served.bus.get("/status")).body["revision"]);

describe("the events of a bus", () => {
  it("begin now, and tell each record with its revision as the id", async () => {
    await post("before");
    using following = await follow();
    const posted = await post("after");

    const event = await following.next();

    expect([following.status, following.type]).toEqual([200, "text/event-stream"]);
    expect(event).toEqual({
      id: String(await revision()),
      event: "board",
      data: { revision: await revision(), at: posted.body["posted_at"], changes: [{ change: "message_posted", ...posted.body }] },
    });
  });

  it("tell what becomes of a lane, and of no ticket", async () => {
    const at = await revision();
    const claimed = await served.bus.post("/lanes/x/claim", { owner: "ana", lease_s: 60 });
    await served.bus.post("/lanes/x/heartbeat", { owner: "ana", lease_s: 90 });
    const { ticket } = (await served.bus.post("/lanes/x/claim", { owner: "bo", wait_s: 0.01 })).body;
    await served.bus.post("/lanes/x/release", { owner: "ana" });
    using following = await follow(`?after=${at}`);

    const events = [];
    for (let count = 0; count < 5; count += 1) events.push(await following.next());

    expect(events.map((event) => changesOf(event).map(({ change, owner }) => [change, owner]))).toEqual([
      [["lane_claimed", "ana"]],
      [["lane_renewed", undefined]],
      [["claim_waiting", "bo"]],
      [["claim_waiting", "bo"]],
      [
        ["lane_released", undefined],
        ["lane_claimed", "bo"],
      ],
    ]);
    expect(changesOf(events[0] as Event)).toMatchObject([
      { lane: "x", fencing_token: claimed.body["fencing_token"], asserted: true, lease_s: 60 },
    ]);
    expect(JSON.stringify(events)).not.toContain(String(ticket));
  });

  it("go on where a client stopped, by the header before the query", async () => {
    const at = await revision();
    await post("one");
    await post("two");
    using first = await follow(`?after=${at}`);
    const { id = "" } = await first.next();
    using second = await follow("?after=0", { "last-event-id": id });

    expect(changesOf(await second.next())).toMatchObject([{ body: "two" }]);
  });

  it("begin at the first record when they are asked to, without what says nothing", async () => {
    using following = await follow("?after=0");

    expect(await following.next()).toMatchObject({ event: "board", id: "2" });
  });

  it("tell a client that is ahead of the log that it is, and go on from its end", async () => {
    const at = await revision();
    using following = await follow(`?after=${at + 1_000}`);
    const gap = await following.next();
    await post("next");

    expect(gap).toEqual({ id: String(at), event: "gap", data: { after: at + 1_000, continues_after: at } });
    expect(changesOf(await following.next())).toMatchObject([{ body: "next" }]);
  });

  it.each(["after=x", "after=-1"])("are not told from %s on", async (query) => {
    const { status, body } = await served.bus.get(`/events?${query}`);

    expect([status, body["detail"]]).toMatchObject([422, [{ loc: ["query", "after"] }]]);
  });

  it("end with the sidecar, as does the wait of a claim", async () => {
    const own = await busSidecar(await scratch.repository("ends"));
    const following = await fetch(`${own.bus.base}/events`);
    await own.bus.post("/lanes/x/claim", { owner: "ana" });
    const waiting = own.bus.post("/lanes/x/claim", { owner: "bo", wait_s: 50 });
    waiting.catch(() => undefined);

    await own[Symbol.asyncDispose]();

    await expect(following.text()).rejects.toThrow(/terminated/);
    await expect(waiting).rejects.toThrow(/fetch failed/);
  });

  it("answer no HEAD, because they have no end", async () => {
    const answer = await fetch(`${served.bus.base}/events`, { method: "HEAD" });

    expect(answer.status).toBe(405);
  });
});
