/** The tools there are, in the order in which they are listed. */
import { ackConflict } from "./ack-conflict.ts";
import { beginTask } from "./begin-task.ts";
import { busBroadcast } from "./bus-broadcast.ts";
import { busDrain } from "./bus-drain.ts";
import { busPeers } from "./bus-peers.ts";
import { busSend } from "./bus-send.ts";
import { checkOverlap } from "./check-overlap.ts";
import { claimLane } from "./claim-lane.ts";
import { escalateConflict } from "./escalate-conflict.ts";
import { getBusStatus } from "./get-bus-status.ts";
import { getFileState } from "./get-file-state.ts";
import { heartbeatLane } from "./heartbeat-lane.ts";
import { postMessage } from "./post-message.ts";
import { readMessages } from "./read-messages.ts";
import { releaseLane } from "./release-lane.ts";
import { resolveConflict } from "./resolve-conflict.ts";
import { submitChange } from "./submit-change.ts";
import { takeOverTask } from "./take-over-task.ts";
import type { Tool } from "./tool.ts";
import { whoIsWorking } from "./who-is-working.ts";
import { yieldTask } from "./yield-task.ts";

export const REGISTRY: readonly Tool[] = [
  whoIsWorking,
  beginTask,
  checkOverlap,
  getFileState,
  submitChange,
  yieldTask,
  ackConflict,
  escalateConflict,
  resolveConflict,
  takeOverTask,
  postMessage,
  readMessages,
  claimLane,
  releaseLane,
  heartbeatLane,
  getBusStatus,
  busSend,
  busBroadcast,
  busPeers,
  busDrain,
];
