/**
 * How events become state: dull, total, and the only writer of a session's mail. It checks nothing and knows no clock.
 */
import { keyOfCopy, type MailEvent, type MailEventOf } from "../../wire/mail.ts";
import { type Place, unreachable } from "../aggregate.ts";
import { IDS_REMEMBERED_MS, IDS_TOGETHER_MS, type MailState, type Peer } from "./state.ts";

export function evolve(state: MailState, event: MailEvent, at: Place): void {
  switch (event.type) {
    case "Opened":
      return open(state, event, at);
    case "Resumed":
      return resume(state, event, at);
    case "PeerConnected":
      return connect(state, event);
    case "PeerLeft":
      return leave(state, state.peers.get(event.name), at);
    case "PeerForgotten":
      state.peers.delete(event.name);
      return state.deadlines.set(`peer:${event.name}`, undefined);
    case "MailSent":
      return keep(state, event, at);
    case "MailDelivered":
      return countAttempts(state, event);
    case "MailAcknowledged":
      return acknowledge(state, event);
    case "AckPassedOver":
      return undefined;
    case "IdsForgotten":
      return forgetIds(state, event, at);
    default:
      return unreachable(event);
  }
}

function open(state: MailState, event: MailEventOf<"Opened">, at: Place): void {
  state.id = event.sessionId;
  state.epoch = event.epoch;
  state.settings = event.settings;
  for (const name of state.connected) {
    const peer = state.peers.get(name);
    for (const copy of peer?.waiting.values() ?? []) copy.isDoubtful = true;
    leave(state, peer, at);
  }
  for (const peer of state.peers.values()) scheduleRelease(state, peer);
}

/** An absence is as long as it could have been ended. */
function resume(state: MailState, { fromMs }: MailEventOf<"Resumed">, at: Place): void {
  for (const peer of state.peers.values()) {
    peer.awaySinceMs = Math.min(at.atMs, peer.awaySinceMs + Math.max(0, at.atMs - fromMs));
    scheduleRelease(state, peer);
  }
}

function connect(state: MailState, { name, fingerprint, connection }: MailEventOf<"PeerConnected">): void {
  const peer: Peer = state.peers.get(name) ?? { name, fingerprint, connection, awaySinceMs: 0, waiting: new Map() };
  peer.fingerprint = fingerprint;
  peer.connection = connection;
  state.peers.set(name, peer);
  state.connected.add(name);
  scheduleRelease(state, peer);
}

function leave(state: MailState, peer: Peer | undefined, at: Place): void {
  if (peer === undefined) return;
  peer.connection = undefined;
  peer.awaySinceMs = at.atMs;
  state.connected.delete(peer.name);
  scheduleRelease(state, peer);
}

function scheduleRelease(state: MailState, { name, connection, awaySinceMs, waiting }: Peer): void {
  const isFree = connection === undefined && waiting.size === 0;
  state.deadlines.set(`peer:${name}`, isFree ? awaySinceMs + state.settings.release_after_sec * 1000 : undefined);
}

function keep(state: MailState, { id, sender, recipients, broadcast }: MailEventOf<"MailSent">, { revision, atMs }: Place): void {
  let copies = 0;
  for (const recipient of recipients) {
    const peer = state.peers.get(recipient);
    if (peer === undefined) continue;
    const key = keyOfCopy(id, recipient, broadcast);
    // The name as its peer has it: of a hundred thousand messages each would else keep its own.
    const from = state.peers.get(sender)?.name ?? sender;
    peer.waiting.set(key, { key, id, sender: from, revision, sentAtMs: atMs, attempts: 0, isDoubtful: false });
    copies += 1;
    if (peer.waiting.size === 1) scheduleRelease(state, peer);
  }
  state.waiting += copies;
  state.ids.set(id, { takenAtMs: atMs, copies });
  if (state.ids.size === 1) scheduleIds(state);
}

function countAttempts(state: MailState, { recipient, keys }: MailEventOf<"MailDelivered">): void {
  for (const key of keys) {
    const copy = state.peers.get(recipient)?.waiting.get(key);
    if (copy !== undefined) copy.attempts += 1;
  }
}

function acknowledge(state: MailState, { recipient, key }: MailEventOf<"MailAcknowledged">): void {
  const peer = state.peers.get(recipient);
  const copy = peer?.waiting.get(key);
  if (peer === undefined || copy === undefined) return;
  peer.waiting.delete(key);
  state.waiting -= 1;
  const taken = state.ids.get(copy.id);
  if (taken !== undefined) taken.copies -= 1;
  if (peer.waiting.size === 0) scheduleRelease(state, peer);
}

/** Those under which something waits still are as if taken now. */
function forgetIds(state: MailState, { beforeMs }: MailEventOf<"IdsForgotten">, at: Place): void {
  for (const [id, { takenAtMs, copies }] of state.ids) {
    if (takenAtMs >= beforeMs) break;
    state.ids.delete(id);
    if (copies > 0) state.ids.set(id, { takenAtMs: at.atMs, copies });
  }
  scheduleIds(state);
}

function scheduleIds(state: MailState): void {
  const [oldest] = state.ids.values();
  // Behind the hour, so that the oldest is among those that are forgotten then.
  const dueAtMs = oldest && (Math.floor((oldest.takenAtMs + IDS_REMEMBERED_MS) / IDS_TOGETHER_MS) + 1) * IDS_TOGETHER_MS;
  state.deadlines.set("ids", dueAtMs);
}
