/** What goes over the wire of an event stream, and what ends it. */
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { listen } from "./http-server.ts";
import { eventStream, type ServerSentEvent } from "./sse.ts";

const LONG_MS = 3_600_000;

/** Events that the test gives one by one, and how many of them were asked for. */
function source() {
  const waiting: ((event: ServerSentEvent | undefined) => void)[] = [];
  let signal: AbortSignal | undefined;
  let asked = 0;
  async function* events(ends: AbortSignal): AsyncGenerator<ServerSentEvent, void, undefined> {
    signal = ends;
    while (!ends.aborted) {
      asked += 1;
      const event = await new Promise<ServerSentEvent | undefined>((resolve) => {
        waiting.push(resolve);
        ends.addEventListener("abort", () => resolve(undefined));
      });
      if (event === undefined) return;
      yield event;
    }
  }

  return {
    events,
    give: (event: ServerSentEvent | undefined) => waiting.shift()?.(event),
    get asked() {
      return asked;
    },
    get signal() {
      return signal;
    },
  };
}

const request = (signal = new AbortController().signal) => ({ signal });

function readerOf(response: Response) {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const read = async () => {
    const { done, value } = await reader.read();
    return done ? undefined : Buffer.from(value).toString();
  };
  return { read, cancel: () => reader.cancel() };
}

async function textOf(events: readonly ServerSentEvent[]): Promise<string> {
  async function* all() {
    yield* events;
  }
  return (await eventStream(request(), all).text()).replace(": connected\n\n", "");
}

describe("an event stream", () => {
  it("is not kept by anybody and not held back on its way", () => {
    const { headers } = eventStream(request(), source().events);

    expect(Object.fromEntries(headers)).toEqual({
      "content-type": "text/event-stream",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
    });
  });

  it.each([
    { name: "all fields", event: { id: 7, event: "record", data: "{}" }, text: "id: 7\nevent: record\ndata: {}\n\n" },
    { name: "data alone", event: { data: "a" }, text: "data: a\n\n" },
    { name: "nothing", event: { data: "" }, text: "data: \n\n" },
    { name: "lines of every kind", event: { data: "a\nb\r\nc\rd" }, text: "data: a\ndata: b\ndata: c\ndata: d\n\n" },
    { name: "what looks like a field", event: { data: "a\n\nevent: no" }, text: "data: a\ndata: \ndata: event: no\n\n" },
    { name: "a name with a line break", event: { id: "a\nb\0", event: "x\r\ny", data: "" }, text: "id: ab\nevent: xy\ndata: \n\n" },
  ])("says $name", async ({ event, text }) => {
    expect(await textOf([event])).toBe(text);
  });

  it("says that it is connected, then what happens, and a heartbeat when nothing does", async () => {
    const { events, give } = source();
    const { read } = readerOf(eventStream(request(), events, 1));

    const said = [await read(), await read(), await read()];
    give({ data: "1" });
    for (let text = await read(); ; text = await read()) {
      said.push(text);
      if (text !== ": heartbeat\n\n") break;
    }

    expect([said[0], said[1], said[2], said.at(-1)]).toEqual([": connected\n\n", ": heartbeat\n\n", ": heartbeat\n\n", "data: 1\n\n"]);
  });

  it("asks for nothing that its reader has not asked for", async () => {
    const asking = source();
    const { read } = readerOf(eventStream(request(), asking.events, LONG_MS));
    await read();
    expect(asking.asked).toBe(0);
    const first = read();
    asking.give({ data: "1" });
    await first;

    expect(asking.asked).toBe(1);
  });

  it("ends when the events do, and tells them", async () => {
    const asking = source();
    const { read } = readerOf(eventStream(request(), asking.events, LONG_MS));
    await read();
    const last = read();
    asking.give(undefined);

    expect([await last, asking.signal?.aborted]).toEqual([undefined, true]);
  });

  it("says what broke before it ends", async () => {
    async function* broken() {
      yield { data: "1" };
      throw new Error("the disk is gone");
    }

    expect(await eventStream(request(), broken).text()).toBe(
      ': connected\n\ndata: 1\n\nevent: fault\ndata: {"detail":"the disk is gone"}\n\n',
    );
  });

  it.each([
    { name: "its reader goes", leave: (reader: ReturnType<typeof readerOf>) => reader.cancel() },
    { name: "its request is aborted", leave: (_: unknown, abort: AbortController) => abort.abort() },
  ])("tells the events when $name", async ({ leave }) => {
    const abort = new AbortController();
    const asking = source();
    const reader = readerOf(eventStream(request(abort.signal), asking.events, LONG_MS));
    await reader.read();
    const last = reader.read();
    await leave(reader, abort);

    expect([await last, asking.signal?.aborted]).toEqual([undefined, true]);
  });

  it("lets the events clean up when its reader goes between two of them", async () => {
    let isLeft = false;
    async function* endless() {
      try {
        for (;;) yield { data: "1" };
      } finally {
        isLeft = true;
      }
    }
    const { read, cancel } = readerOf(eventStream(request(), endless, LONG_MS));
    await read();
    await read();
    await cancel();
    await new Promise(setImmediate);

    expect(isLeft).toBe(true);
  });

  it("begins nothing for a request that was aborted before", async () => {
    const asking = source();
    const { read } = readerOf(eventStream(request(AbortSignal.abort()), asking.events, LONG_MS));

    expect([await read(), await read(), asking.asked]).toEqual([": connected\n\n", undefined, 0]);
  });
});

describe("an event stream of the listener", () => {
  const serve = (events: (signal: AbortSignal) => AsyncIterable<ServerSentEvent>) =>
    listen({
      host: "127.0.0.1",
      port: 0,
      allowedOrigins: [],
      routes: new Hono().get("/events", ({ req }) => eventStream(req.raw, events, LONG_MS)),
      upgrade: () => ({ status: 404, why: "none" }),
    });

  async function open(port: number): Promise<IncomingMessage> {
    const [response] = (await once(get({ host: "127.0.0.1", port, path: "/events" }), "response")) as [IncomingMessage];
    return response;
  }

  const aborted = (signal: AbortSignal | undefined) =>
    new Promise<boolean>((resolve) => {
      if (signal?.aborted === true) resolve(true);
      signal?.addEventListener("abort", () => resolve(true));
    });

  it("arrives while it is made", async () => {
    const asking = source();
    await using server = await serve(asking.events);
    const response = await open(server.port);
    const heard: string[] = [];
    response.setEncoding("utf8").on("data", (text: string) => heard.push(text));
    while (asking.asked === 0) await new Promise(setImmediate);
    asking.give({ data: "1" });
    while (asking.asked === 1) await new Promise(setImmediate);
    await once(response, "data");

    expect(heard.join("")).toBe(": connected\n\ndata: 1\n\n");
    response.destroy();
  });

  it("ends its events when the client breaks off", async () => {
    const asking = source();
    await using server = await serve(asking.events);
    const response = await open(server.port);
    while (asking.asked === 0) await new Promise(setImmediate);
    response.destroy();

    expect(await aborted(asking.signal)).toBe(true);
  });

  it("ends its events when the listener closes", async () => {
    const asking = source();
    const server = await serve(asking.events);
    const response = await open(server.port);
    response.on("error", () => undefined).resume();
    while (asking.asked === 0) await new Promise(setImmediate);
    await server[Symbol.asyncDispose]();

    expect(await aborted(asking.signal)).toBe(true);
  });

  it("takes no more events than a client that does not read leaves room for", async () => {
    let made = 0;
    const size = 64 * 1024;
    async function* endless() {
      for (;;) {
        made += 1;
        yield { data: "x".repeat(size) };
      }
    }
    await using server = await serve(endless);
    const socket = connect(server.port, "127.0.0.1");
    socket.pause().write("GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    let before = -1;
    // Until the buffers of the system are full: as long as they take something, more is made.
    for (let still = 0; still < 2_000; still = made === before ? still + 1 : 0) {
      before = made;
      await new Promise(setImmediate);
    }

    expect(made).toBeGreaterThan(1);
    expect(made * size).toBeLessThan(64 * 1024 * 1024);
    socket.destroy();
  });
});
