"""
An MPAC client in another language than ours, on Debian's python3-websockets: it says what the original's agents say, in their
order and with their oddities (a default role that no schema knows, nulls, a fractional time to live, a word of its own for leaving),
and waits for what they wait for.

Prints one JSON object a line for each thing that a caller checks. Usage: agent.py <uri>
"""
import asyncio
import hashlib
import json
import sys
import uuid

import websockets

URI = sys.argv[1]


def tell(step, **facts):
    print(json.dumps({"step": step, **facts}), flush=True)


def ref_of(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()[:16]


class Agent:
    def __init__(self, name):
        self.principal = f"agent:{name}"
        self.sender = {"principal_id": self.principal, "principal_type": "agent", "sender_instance_id": f"{self.principal}:{uuid.uuid4()}"}
        self.lamport = 0
        self.heard = []

    async def connect(self):
        self.socket = await websockets.connect(URI)

    async def say(self, kind, payload):
        self.lamport += 1
        message = {
            "protocol": "MPAC",
            "version": "0.1.13",
            "message_type": kind,
            "message_id": str(uuid.uuid4()),
            "session_id": "whatever",
            "sender": self.sender,
            "ts": "2026-01-01T00:00:00+00:00",
            "payload": payload,
            "watermark": {"kind": "lamport_clock", "value": self.lamport},
        }
        await self.socket.send(json.dumps(message, ensure_ascii=False))
        return message["message_id"]

    async def ask(self, frame, answer):
        await self.socket.send(json.dumps(frame))
        return await self.hear(lambda heard: heard.get("type") == answer)

    async def hear(self, fits, seconds=20):
        """The first frame that fits, of those that were heard and are not used, or that come."""
        for index, frame in enumerate(self.heard):
            if fits(frame):
                return self.heard.pop(index)

        async def until():
            while True:
                frame = json.loads(await self.socket.recv())
                if fits(frame):
                    return frame
                self.heard.append(frame)

        return await asyncio.wait_for(until(), seconds)

    async def hear_type(self, kind, **payload):
        return await self.hear(
            lambda frame: frame.get("message_type") == kind and all(frame["payload"].get(name) == value for name, value in payload.items())
        )

    async def join(self):
        await self.say("HELLO", {"display_name": self.principal, "roles": ["participant"], "capabilities": ["intent.broadcast", "op.commit"]})
        return await self.hear_type("SESSION_INFO")

    async def answer_to(self, message_id):
        return await self.hear(lambda frame: frame.get("message_id") == message_id or frame.get("payload", {}).get("refers_to") == message_id)


async def main():
    ana, bo = Agent("ana"), Agent("bo")
    await ana.connect()
    summary = await ana.ask({"type": "SESSION_SUMMARY"}, "SESSION_SUMMARY_RESPONSE")
    tell("summary before joining", members=sorted(summary["session"]))
    info = await ana.join()
    tell("joined", participants=info["payload"]["participant_count"], envelope=sorted(info), roles=info["payload"]["granted_roles"])
    await bo.connect()
    await bo.join()
    tell("a peer hears the other join", sender=(await ana.hear_type("HELLO"))["sender"]["principal_id"])

    listed = await ana.ask({"type": "FILE_LIST"}, "FILE_LIST_RESPONSE")
    tell("listed", files=sorted(one["path"] for one in listed["files"]))
    read = await ana.ask({"type": "FILE_READ", "path": "api.py"}, "FILE_CONTENT")
    tell("read", isItsHash=read["state_ref"] == ref_of(read["content"]))

    announced = await ana.say(
        "INTENT_ANNOUNCE",
        {"intent_id": "intent-ana", "objective": "first", "scope": {"kind": "file_set", "resources": ["./api.py"]}, "priority": "normal", "ttl_sec": 300.5},
    )
    tell("announced", comes_back=(await ana.answer_to(announced))["message_type"], peer=(await bo.hear_type("INTENT_ANNOUNCE"))["payload"]["intent_id"])

    raced = await bo.say("INTENT_ANNOUNCE", {"intent_id": "intent-bo", "objective": "second", "scope": {"kind": "file_set", "resources": ["api.py"]}})
    refusal = (await bo.answer_to(raced))["payload"]
    tell("raced", code=refusal["error_code"], says=refusal["description"])
    await bo.say(
        "INTENT_DEFERRED",
        {
            "deferral_id": "deferral-bo",
            "scope": {"kind": "file_set", "resources": ["api.py"]},
            "reason": "waits",
            "observed_intent_ids": ["intent-ana"],
            "observed_principals": ["agent:ana"],
            "ttl_sec": 60.0,
        },
    )
    deferred = (await ana.hear_type("INTENT_DEFERRED"))["payload"]
    tell("deferred", principal=deferred["principal_id"], expires="expires_at" in deferred)

    content = read["content"] + "# by ana\n"
    changes = {"api.py": {"content": content, "state_ref_before": read["state_ref"]}}
    committed = {"op_id": "op-ana", "intent_id": "intent-ana", "target": "api.py", "op_kind": "replace", "change_ref": None, "summary": None}
    refs = {"state_ref_before": read["state_ref"], "state_ref_after": ref_of(content)}
    commit = await ana.say("OP_COMMIT", {**committed, **refs, "file_changes": changes})
    echoed = await ana.answer_to(commit)
    updated = await bo.hear(lambda frame: frame.get("type") == "FILE_UPDATED")
    tell("committed", comes_back=echoed["message_type"], without_contents="file_changes" not in echoed["payload"], updated=[updated["path"], updated["state_ref"] == ref_of(content)])

    stale = await bo.say("OP_COMMIT", {"op_id": "op-bo", "intent_id": None, "target": "api.py", "op_kind": "replace", **refs, "file_changes": changes})
    tell("stale", code=(await bo.answer_to(stale))["payload"]["error_code"])
    again = await bo.ask({"type": "FILE_READ", "path": "api.py"}, "FILE_CONTENT")
    tell("read again", content=again["content"] == content)

    await ana.say("INTENT_WITHDRAW", {"intent_id": "intent-ana", "reason": "task_completed"})
    withdrawn = (await bo.hear_type("INTENT_WITHDRAW", intent_id="intent-ana"))["payload"]
    resolved = (await bo.hear_type("INTENT_DEFERRED", status="resolved"))["payload"]
    tell("withdrawn", reason=withdrawn["reason"], deferral=[resolved["deferral_id"], resolved["reason"]])

    await ana.say("HEARTBEAT", {"status": "idle", "active_intent_id": None, "summary": None})
    await ana.say("GOODBYE", {"reason": "completed", "active_intents": None, "intent_disposition": "withdraw"})
    tell("left", peer=(await bo.hear_type("GOODBYE"))["payload"]["reason"])
    await bo.socket.close()
    await ana.socket.close()


asyncio.run(main())
