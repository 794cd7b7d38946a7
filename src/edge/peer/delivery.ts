/**
 * What is on its way to one connected peer: every copy that waits for it, in the order in which it was sent, as fast as it
 * reads and no faster.
 *
 * A copy is known here by its key and by the record that holds it, and its text is looked up when its turn comes. That it was
 * handed over goes on the log with others of the same moment, always before anything that the peer says later.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { deliverFrame, markedFrame } from "../../wire/peer/frames.ts";
import type { Line } from "./line.ts";

/** A copy, as far as its delivery is concerned. */
export interface Copy {
  readonly key: string;
  /** Of the record that holds the envelope. */
  readonly revision: number;
  /** Whether to say that it may have been handed over before. */
  readonly isMarked: boolean;
}

export interface Delivery {
  /** Puts a copy behind all others, unless it is there. */
  add(copy: Copy): void;
  /** It was acknowledged, perhaps over an earlier connection, and need not be handed over any more. */
  drop(key: string): void;
  /** Puts on the log what was handed over and is not there yet. */
  settle(): void;
  /** Begins, or goes on: not before whoever calls is done, so that what is added twice in one go is handed over once. */
  run(): void;
}

export interface DeliveryOptions {
  readonly line: Line;
  /** Keys of what was handed over, by whomever, and is not on the log yet. */
  readonly unrecorded: Set<string>;
  /** The envelope as it travels: at once when it is at hand. */
  readonly envelopeOf: (revision: number) => string | Promise<string>;
  readonly delivered: (keys: readonly string[]) => void;
  /** Its envelope cannot be read now; it is delivered when the peer registers again. */
  readonly broke: (error: unknown) => void;
}

/** Copies that one record of the log tells of. */
const MOST_AT_ONCE = 512;

/** Copies that are handed over before anybody else has a turn. */
const MOST_IN_A_TURN = 64;

export function createDelivery({ line, unrecorded, envelopeOf, delivered, broke }: DeliveryOptions): Delivery {
  const queue = new Map<string, Copy>();
  let handedOver: string[] = [];
  let running = false;

  function settle(): void {
    if (handedOver.length === 0) return;
    const keys = handedOver;
    handedOver = [];
    delivered(keys);
  }

  function handOver({ key, isMarked }: Copy, envelope: string): void {
    line.send(isMarked ? markedFrame(key, envelope) : deliverFrame(key, envelope));
    queue.delete(key);
    unrecorded.add(key);
    if (handedOver.push(key) === 1) setImmediate(settle);
    if (handedOver.length >= MOST_AT_ONCE) settle();
  }

  async function deliver(): Promise<void> {
    running = true;
    try {
      let inTurn = 0;
      for (let copy = first(); copy !== undefined && line.isOpen; copy = first()) {
        if (line.hasRoom) await handOverNext(copy);
        else await line.untilRoom();
        inTurn += 1;
        if (inTurn % MOST_IN_A_TURN === 0) await nextTurn();
      }
    } catch (error) {
      broke(error);
    } finally {
      running = false;
    }
  }

  async function handOverNext(copy: Copy): Promise<void> {
    const envelope = await envelopeOf(copy.revision);
    if (queue.has(copy.key) && line.isOpen) handOver(copy, envelope);
  }

  function first(): Copy | undefined {
    for (const copy of queue.values()) return copy;
    return undefined;
  }

  return {
    add(copy) {
      if (!queue.has(copy.key)) queue.set(copy.key, copy);
    },
    drop(key) {
      queue.delete(key);
    },
    settle,
    run() {
      if (!running) void deliver();
    },
  };
}
