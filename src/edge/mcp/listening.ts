/**
 * The stream of one who listens in 2026-07-28, written to its socket without anything between: there may be thousands of them.
 *
 * A resource that changes again before its listener was told is told once. While the socket does not take what was said,
 * nothing more is said; whoever takes nothing for a minute is let go.
 */
import type { ServerResponse } from "node:http";
import type { ListenWords, PlainListen } from "../../mcp/plain-listen.ts";
import { eventText } from "./legacy/events.ts";
import type { Turns } from "./turns.ts";

/** How long a stream may be silent, in milliseconds. */
const HEARTBEAT_MS = 15_000;

/** How many heartbeats may come due while what was said is not taken. */
const PATIENCE = 4;

const HEARTBEAT = ": heartbeat\n\n";

/** What is asked of a response; nothing else of it is touched. */
export type Sending = Pick<
  ServerResponse,
  "writeHead" | "write" | "end" | "destroy" | "once" | "destroyed" | "writableNeedDrain" | "writableEnded"
>;

export interface ListeningOptions {
  readonly outgoing: Sending;
  readonly id: PlainListen["id"];
  readonly words: ListenWords;
  /** When each has its turn to be told. */
  readonly turns: Turns<Listening>;
  /** Called once, when the stream has ended for whatever reason. */
  readonly onEnd: () => void;
  readonly heartbeatMs?: number | undefined;
}

/** A class, because there is one for each stream: what it does stands once. */
export class Listening {
  readonly #outgoing: Sending;
  readonly #id: PlainListen["id"];
  readonly #words: ListenWords;
  readonly #turns: Turns<Listening>;
  /** What changed and was not told yet. */
  #changed: Set<string> | undefined;
  readonly #heartbeatMs: number;
  #timer: NodeJS.Timeout | undefined;
  #untaken = 0;
  isOver = false;

  constructor({ outgoing, id, words, turns, onEnd, heartbeatMs = HEARTBEAT_MS }: ListeningOptions) {
    this.#outgoing = outgoing;
    this.#id = id;
    this.#words = words;
    this.#turns = turns;
    this.#heartbeatMs = heartbeatMs;
    const close = (): void => {
      this.isOver = true;
      clearInterval(this.#timer);
      onEnd();
    };
    if (outgoing.destroyed) close();
    else outgoing.once("close", close);
  }

  begin(listen: PlainListen, headers: Readonly<Record<string, string>>): void {
    if (this.#isShut) return;
    this.#outgoing.writeHead(200, headers);
    this.#timer = setInterval(beat, this.#heartbeatMs, this).unref();
    this.#say(eventText({ data: this.#words.acknowledged(listen) }));
    this.#turns.add(this); // something may have changed already
  }

  /** It is told in its turn. */
  changed(uri: string): void {
    this.#changed ??= new Set();
    this.#changed.add(uri);
    if (this.#timer !== undefined) this.#turns.add(this);
  }

  /** Says everything that has changed by now, if it is taken. */
  tell(): void {
    const uris = this.#changed;
    if (uris === undefined || this.#isShut || this.#outgoing.writableNeedDrain) return;
    this.#changed = undefined;
    let text = "";
    for (const uri of uris) text += eventText({ data: this.#words.updated(this.#id, uri) });
    this.#say(text);
  }

  /** Ends it well, behind what was said. */
  end(): void {
    if (!this.#isShut && this.#timer !== undefined) this.#outgoing.end(eventText({ data: this.#words.ended(this.#id) }));
  }

  get #isShut(): boolean {
    return this.isOver || this.#outgoing.destroyed || this.#outgoing.writableEnded;
  }

  #say(text: string): void {
    this.#timer?.refresh();
    if (this.#outgoing.write(text)) return;
    this.#outgoing.once("drain", () => {
      this.#untaken = 0;
      this.#turns.add(this);
    });
  }

  beat(): void {
    if (this.#outgoing.destroyed) return; // it is over with its connection
    if (!this.#outgoing.writableNeedDrain && !this.#outgoing.writableEnded) return this.#say(HEARTBEAT);
    this.#untaken += 1;
    if (this.#untaken >= PATIENCE) this.#outgoing.destroy();
  }
}

function beat(listening: Listening): void {
  listening.beat();
}
