/**
 * One log of a session, as far as it is followed: what its last records touched is at hand, and what lies further back is read
 * from the log, for each follower at its own pace.
 */
import type { Engine } from "../../engine/engine.ts";
import type { StreamHost } from "../../engine/stream-host.ts";
import type { LogRecord, Revision } from "../../wire/record.ts";
import type { Gathered } from "./gathered.ts";
import type { Touch } from "./touches.ts";

/** Records whose touches are at hand. */
const MOST_RECENT = 64;

/** Most records that are read for a follower that is behind: further back, everything counts as changed. */
const MOST_READ = 2_000;

/** Records of the log that are in memory at once for one follower. */
const AT_ONCE = 64;

export type FollowedHost<State> = Pick<StreamHost<State, never, never>, "stream" | "revision" | "subscribe" | "query" | "view">;

export interface FollowedLog extends Disposable {
  readonly revision: Revision;
  /** Adds what happened behind `after`, and gives the place up to which that is. Throws what reading the log throws. */
  gather(after: Revision, into: Gathered): Promise<Revision>;
}

/** What records touched, one after the other as the log has them. */
export type Reader<State> = (record: LogRecord, state: Readonly<State>) => readonly Touch[];

export interface FollowedLogOptions<State> {
  readonly engine: Pick<Engine, "read">;
  readonly host: FollowedHost<State>;
  /** For the records from here on. */
  readonly read: Reader<State>;
  /** For each reading of older ones. */
  readonly readOld: () => Reader<State>;
  /** Something was touched. */
  readonly onTouched: () => void;
}

export function followLog<State>({ engine, host, read, readOld, onTouched }: FollowedLogOptions<State>): FollowedLog {
  let recent: { readonly revision: Revision; readonly touches: readonly Touch[] }[] = [];
  const hearing = host.subscribe((record) => {
    const touches = read(record, host.view);
    recent.push({ revision: record.revision, touches });
    if (recent.length > 2 * MOST_RECENT) recent = recent.slice(-MOST_RECENT);
    if (touches.length > 0) onTouched();
  });

  async function gatherOld(after: Revision, into: Gathered): Promise<Revision> {
    const readNext = readOld();
    let records: LogRecord[] = [];
    let position = after;
    const take = async (): Promise<void> => {
      await host.query((state) => {
        for (const record of records) into.add(readNext(record, state));
      });
      records = [];
    };
    for await (const { revision, text } of engine.read(host.stream, after, AT_ONCE)) {
      records.push(JSON.parse(text) as LogRecord);
      position = revision;
      if (records.length === AT_ONCE) await take();
    }
    await take();
    return position;
  }

  return {
    get revision() {
      return host.revision;
    },
    async gather(after, into) {
      const head = host.revision;
      if (after >= head) return after;
      const first = recent[0]?.revision ?? Infinity;
      if (after + 1 < first) {
        if (head - after <= MOST_READ) return gatherOld(after, into);
        into.addEverything();
        return head;
      }
      for (const { touches } of recent.slice(after + 1 - first)) into.add(touches);
      return head;
    },
    [Symbol.dispose]() {
      hearing[Symbol.dispose]();
      recent = [];
    },
  };
}
