import { describe, expect, it } from "vitest";
import { silentLog } from "../../engine/log.ts";
import { hashOfBytes } from "../../engine/seal.ts";
import { createEngine } from "../../engine/engine.ts";
import { session } from "../../core/session/session.ts";
import { StoreCorrupt, StoreUnavailable } from "../../store/errors.ts";
import { memoryStore } from "../../store/memory.ts";
import type { EventStore } from "../../store/store.ts";
import type { SessionId, StreamId } from "../../wire/ids.ts";
import { LogPage, LogStreams, PAGE_BYTES } from "../../wire/log-export.ts";
import { logExportRoutes } from "./log-export.ts";

const TOKEN = "t".repeat(43);
const STREAM = "s/session" as StreamId;
const recordsOf = (...texts: string[]) => texts.map((text, index) => ({ revision: index + 1, text }));

function handsOut(log: EventStore) {
  const routes = logExportRoutes({ log, token: TOKEN });
  return {
    ask: (path: string, token = TOKEN) => Promise.resolve(routes.request(path, { headers: { authorization: `Bearer ${token}` } })),
    async page(after: number) {
      const answer = await this.ask(`/control/log/records?stream=${encodeURIComponent(STREAM)}&after=${after}`);
      return LogPage.parse(await answer.json()).records;
    },
  };
}

describe("a log", () => {
  it("is told by its streams and their heads", async () => {
    await using store = memoryStore();
    await store.append(STREAM, 0, recordsOf("one", "two"));

    const answer = await handsOut(store).ask("/control/log/streams");

    expect(LogStreams.parse(await answer.json())).toEqual({ streams: [{ stream: STREAM, head: 2 }] });
  });

  it("goes out byte for byte, page by page, until there is no more", async () => {
    await using store = memoryStore();
    const texts = ['é\u2028\\ud800 "quoted"', "x".repeat(PAGE_BYTES), "three", ...Array.from({ length: 120 }, (_, at) => `more ${at}`)];
    await store.append(STREAM, 0, recordsOf(...texts));
    const sidecar = handsOut(store);

    const first = await sidecar.page(0);
    const second = await sidecar.page(2);
    const end = await sidecar.page(texts.length);

    expect(first).toEqual(recordsOf(...texts).slice(0, 2));
    expect(second).toEqual(recordsOf(...texts).slice(2));
    expect(end).toEqual([]);
  });

  it("comes with the bytes beside it", async () => {
    await using store = memoryStore();
    const content = Buffer.from([0, 255, 10, 13]);
    const hash = await store.putBlob(content);
    const { ask } = handsOut(store);

    const [kept, missing, nonsense] = await Promise.all(
      [hash, hashOfBytes(Buffer.from("other")), "..%2Flog.db"].map((name) => ask(`/control/log/blobs/${name}`)),
    );

    expect(Buffer.from(await (kept as Response).arrayBuffer())).toEqual(content);
    expect([kept?.status, missing?.status, nonsense?.status]).toEqual([200, 404, 400]);
  });

  it("that has grown to thousands of records makes nobody wait who works meanwhile", async () => {
    await using store = memoryStore();
    await using engine = createEngine({ store, log: silentLog, node: "n" });
    const { host } = await engine.open(session, "busy" as SessionId, {});
    await store.append(STREAM, 0, recordsOf(...Array.from({ length: 5_000 }, () => "x".repeat(100))));
    const sidecar = handsOut(store);
    let readers = 8;

    const reading = Array.from({ length: readers }, () => sidecar.page(0).then(() => (readers -= 1)));
    const answered = await host.query(() => readers);
    await Promise.all(reading);

    expect(answered).toBeGreaterThan(0);
  });
});

describe("what is refused", () => {
  it.each(["streams", "records?stream=s", "blobs/x", "anything"])("without the token: %s", async (path) => {
    await using store = memoryStore();
    const { ask } = handsOut(store);

    const answers = [await ask(`/control/log/${path}`, ""), await ask(`/control/log/${path}`, "T".repeat(43))];

    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
  });

  it.each(["", "?stream=s&after=-1", "?stream=s&after=1.5", "?stream=s&after=x", "?after=1"])(
    "with a question such as %j",
    async (query) => {
      await using store = memoryStore();

      const answer = await handsOut(store).ask(`/control/log/records${query}`);

      expect(answer.status).toBe(400);
      expect(await answer.json()).toEqual({ detail: expect.stringContaining("?stream=<name>") as string });
    },
  );

  it.each([
    { name: "damaged", fault: new StoreCorrupt("log.db", "revision 7 is missing"), status: 500, code: "store/corrupt" },
    { name: "closed", fault: new StoreUnavailable("the log is closed"), status: 503, code: "store/unavailable" },
    { name: "out of order in a way that nobody foresaw", fault: new Error("what?"), status: 500, code: undefined },
  ])("from a log that is $name, with its code", async ({ fault, status, code }) => {
    const store: EventStore = { ...memoryStore(), streams: () => Promise.reject(fault) };

    const answer = await handsOut(store).ask("/control/log/streams");

    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({ ...(code === undefined ? {} : { code }), detail: fault.message });
  });
});
