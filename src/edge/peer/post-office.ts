/**
 * The mail of one session for those who are connected: who comes and goes, what they send, and what is brought to them.
 *
 * It holds no rule. What was decided comes back as a record, and everybody whom the record concerns hears of it then. A peer
 * is told that it is registered before anything else is sent to it.
 */
import { randomBytes } from "node:crypto";
import type { MailFacts } from "../../core/mail/names.ts";
import { holderOf, type MailState, mayBeKnown, waitingFor, youngestWaitingMs } from "../../core/mail/read.ts";
import type { OpenStream } from "../../engine/engine.ts";
import type { Log } from "../../engine/log.ts";
import type { Outcome } from "../../engine/stream-host.ts";
import type { MailCommand, MailEvent } from "../../wire/mail.ts";
import { keyOfCopy } from "../../wire/mail.ts";
import { peersFrame } from "../../wire/peer/frames.ts";
import type { Actor, LogRecord } from "../../wire/record.ts";
import type { Rejection } from "../../wire/refusals.ts";
import { createDelivery, type Delivery } from "./delivery.ts";
import { createEnvelopes } from "./envelopes.ts";
import type { Registration } from "./handshake.ts";
import type { Line } from "./line.ts";

export type MailStream = OpenStream<MailState, MailCommand, MailFacts>;

/** A connection that has a name. */
export interface Desk {
  readonly name: string;
  /** What it says from now on stands behind what it was handed. */
  readonly settle: () => void;
  submit(command: MailCommand, answer: (outcome: Outcome) => void): void;
  /** Resolves when it was sent. */
  sendPeers(): Promise<void>;
  /** Its connection is closed. */
  leave(): void;
}

export interface PostOffice extends Disposable {
  register(line: Line, registration: Registration): Promise<Desk | Rejection>;
  /** When the youngest that waits was sent, in milliseconds since 1970; undefined when nothing does. */
  readonly youngestWaitingMs: number | undefined;
}

export interface PostOfficeOptions {
  readonly stream: MailStream;
  /** The command of a record. */
  readonly evidence: (revision: number) => Promise<unknown>;
  /** Whether a credential would still be let in. */
  readonly stands: (fingerprint: string) => boolean;
  readonly log: Log;
}

interface Place {
  readonly line: Line;
  readonly delivery: Delivery;
}

const boot = randomBytes(4).toString("hex");
let connections = 0;

/** @throws what reading the log throws */
export async function openPostOffice({ stream, evidence, stands, log }: PostOfficeOptions): Promise<PostOffice> {
  const { host } = stream;
  const places = new Map<string, Place>();
  /** Of what was handed over a moment ago the log, and so the state, may know nothing yet when its recipient registers again. */
  const unrecorded = new Set<string>();
  const envelopes = createEnvelopes(async (revision) => envelopeIn(await evidence(revision)));
  let youngestMs = await host.query(youngestWaitingMs);

  function hear({ revision, atMs, command, events }: LogRecord): void {
    for (const event of events as readonly MailEvent[]) {
      if (event.type === "MailDelivered") for (const key of event.keys) unrecorded.delete(key);
      if (event.type === "MailAcknowledged") {
        unrecorded.delete(event.key);
        places.get(event.recipient)?.delivery.drop(event.key);
        // Of what remains the youngest is taken to be what it was: at worst the sidecar stays longer.
        if (host.view.waiting === 0) youngestMs = undefined;
      }
      if (event.type !== "MailSent") continue;
      youngestMs = atMs;
      envelopes.keep(revision, envelopeIn(command));
      for (const recipient of event.recipients) {
        const place = places.get(recipient);
        if (place === undefined) continue;
        place.delivery.add({ key: keyOfCopy(event.id, recipient, event.broadcast), revision, isMarked: false });
        place.delivery.run();
      }
    }
  }

  function actorOf({ name, fingerprint }: Registration): Actor {
    return { principal: name, fingerprint, verified: "token" };
  }

  /** Called when the registration is on the log, with the state of that moment to read. */
  function seat(line: Line, registration: Registration, connection: string): Desk {
    const { name } = registration;
    const actor = actorOf(registration);
    const submit = (command: MailCommand, answer: (outcome: Outcome) => void = () => undefined): void =>
      host.submit({ command, actor }, answer);
    const delivery = createDelivery({
      line,
      unrecorded,
      envelopeOf: (revision) => envelopes.of(revision),
      delivered: (keys) => submit({ type: "Deliver", name, connection, keys }),
      broke: (error) => log.error({ peer: name, error: String(error) }, "delivery broke off"),
    });
    const displaced = places.get(name);
    const place = { line, delivery };
    places.set(name, place);
    displaced?.line.drop();

    line.send(peersFrame(inByteOrder(host.view.connected)));
    // Among it may be what is heard next, of the same moment.
    for (const copy of waitingFor(host.view, name)) {
      const isKnown = mayBeKnown(copy) || unrecorded.has(copy.key);
      delivery.add({ key: copy.key, revision: copy.revision, isMarked: registration.marks && isKnown });
    }
    delivery.run();
    return {
      name,
      submit,
      settle: () => delivery.settle(),
      sendPeers() {
        return host
          .query(({ connected }) => peersFrame(inByteOrder(connected)))
          .then(
            (frame) => line.send(frame),
            () => undefined, // the stream is being closed, and so is the line
          );
      },
      leave() {
        delivery.settle();
        if (places.get(name) === place) places.delete(name);
        submit({ type: "Leave", name, connection });
      },
    };
  }

  const hearing = host.subscribe(hear);
  return {
    register: (line, registration) =>
      new Promise((resolve) => {
        const { name, fingerprint } = registration;
        const connection = `${boot}-${(connections += 1)}`;
        const facts = (): MailFacts => {
          const holder = holderOf(host.view, name);
          return { holderStands: holder === undefined || stands(holder) };
        };
        host.submit({ command: { type: "Register", name, fingerprint, connection }, actor: actorOf(registration), facts }, (outcome) =>
          resolve(outcome.ok ? seat(line, registration, connection) : outcome.rejection),
        );
      }),
    get youngestWaitingMs() {
      return youngestMs;
    },
    [Symbol.dispose]: () => hearing[Symbol.dispose](),
  };
}

function envelopeIn(command: unknown): string {
  return (command as { readonly envelope: string }).envelope;
}

/** As Go sorts them: by their UTF-8. */
function inByteOrder(names: Iterable<string>): string[] {
  return Array.from(names, (name) => ({ name, bytes: Buffer.from(name) }))
    .sort((one, other) => Buffer.compare(one.bytes, other.bytes))
    .map(({ name }) => name);
}
