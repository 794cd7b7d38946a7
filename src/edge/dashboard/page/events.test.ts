import * as fc from "fast-check";
import { expect, it } from "vitest";
import { eventsIn, type StreamEvent } from "./events.ts";

const STREAM =
  ': connected\n\nevent: changed\ndata: {"part":"session"}\n\n: heartbeat\n\nid: 4\nevent: ä\ndata: one\ndata: two\n\ndata:three\n\nevent: empty\n\ndata: unfinished\n';

async function read(chunks: readonly Uint8Array[]): Promise<{ events: StreamEvent[]; heard: number }> {
  async function* all() {
    yield* chunks;
  }
  const events: StreamEvent[] = [];
  let heard = 0;
  for await (const event of eventsIn(all(), () => (heard += 1))) events.push(event);
  return { events, heard };
}

it("reads the same events however the bytes arrive, and hears of all bytes", async () => {
  const bytes = new TextEncoder().encode(STREAM);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: bytes.length })), async (cuts) => {
      const ends = [...cuts.sort((a, b) => a - b), bytes.length];
      const { events, heard } = await read(ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end)));

      expect(heard).toBe(ends.length);
      expect(events).toEqual([
        { event: "changed", data: '{"part":"session"}' },
        { event: "ä", data: "one\ntwo" },
        { event: "message", data: "three" },
      ]);
    }),
  );
});
