"""
A demonstration of the protocol's repository, unmodified, against a coordinator that is not its own: in the place of its
coordinator stands one that passes every frame on to <uri> and back, and whose word over a conflict is an arbiter's RESOLUTION.

What a model would answer is answered by one table. Prints one JSON object.
Usage: original_demo.py <copy of ref-impl, with local_config.json beside it> <module> <uri>
"""
import asyncio
import contextlib
import json
import os
import re
import socket
import sys
import types

COPY, MODULE, URI = sys.argv[1:4]
FOLDER = os.path.join(COPY, "ref-impl", "demo", "distributed")
sys.path[:0] = [FOLDER, os.path.join(COPY, "ref-impl", "python")]

import websockets  # noqa: E402
from mpac.participant import Participant  # noqa: E402


def answered(**asked):
    """What a model says to any question: whatever members the demonstrations look for, of a file of one's own and one of all."""
    name = re.search(r"You are (?:the )?(\w+)", asked.get("system", "")).group(1).lower()
    own = {"alice": "auth_middleware.py", "bob": "models.py"}.get(name, f"{name}.py")
    answer = {
        "intent_id": f"intent-{name}-demo",
        "objective": f"what {name} is for",
        "files": ["auth.py", own],
        "scope_resources": ["budget://total", f"itinerary://{name}"],
        "ack_type": "disputed",
        "position": "both can",
        "response": "proceed",
        "reasoning": "both can",
        "op_id": f"op-{name}-demo",
        "target": own,
        "op_kind": "patch",
        "summary": "a change",
        "state_ref_before": None,
        "state_ref_after": "sha256:0123456789abcdef",
        "plans": [{"day": 1, "target": f"itinerary://{name}", "estimated_cost": 1}],
        "budget_breakdown": {},
    }
    return types.SimpleNamespace(content=[types.SimpleNamespace(text=json.dumps(answer))], usage=None)


client = types.SimpleNamespace(messages=types.SimpleNamespace(create=answered))
sys.modules["anthropic"] = types.SimpleNamespace(Anthropic=lambda api_key=None: client)


class Session:
    """What a demonstration reads of its coordinator's state: as far as the frames told it."""

    def __init__(self, session_id, heard):
        self.session_id, self.heard = session_id, heard
        self.conflicts, self.participants, self.intents, self.operations = {}, {}, {}, {}

    def resolve_as_coordinator(self, conflict_id, decision="approved", rationale="", **_):
        async def say():
            arbiter = Participant("human:arbiter-of-demo", "human", "arbiter", ["arbiter"], [])
            async with websockets.connect(URI) as link:
                for message in (
                    arbiter.hello(self.session_id),
                    arbiter.resolve_conflict(self.session_id, conflict_id, decision, rationale=rationale),
                    arbiter.goodbye(self.session_id, reason="user_exit"),
                ):
                    await link.send(json.dumps(message))
                await asyncio.sleep(0.5)

        self.heard["asked"] = asyncio.ensure_future(say())
        return []

    def coordinator_status(self, _event="heartbeat"):
        return []

    def check_liveness(self):
        return []

    def snapshot(self):
        return {"lamport_clock": 0, "participants": [], "intents": [], "operations": [], "conflicts": []}


class Passage:
    """Stands where the coordinator of the demonstrations stands."""

    def __init__(self, session_id, host="localhost", port=0, **_):
        self.host, self.port = host, port
        self.transcript, self.connections, self.heard = [], {}, {}
        self.coordinator = Session(session_id, self.heard)

    async def handler(self, link):
        async with websockets.connect(URI) as onward:
            async def pass_on(source, target, direction):
                with contextlib.suppress(websockets.exceptions.ConnectionClosed):
                    async for raw in source:
                        frame = json.loads(raw)
                        error = frame.get("payload", {}).get("error_code")
                        note = {"ts": 0, "direction": direction, "message_type": frame.get("message_type"), "envelope": frame}
                        self.transcript.append({**note, "error": error, "from": frame.get("sender", {}).get("principal_id")})
                        await target.send(raw)
                await target.close()

            await asyncio.gather(pass_on(link, onward, "inbound"), pass_on(onward, link, "outbound"))

    async def heartbeat_loop(self):
        await asyncio.Event().wait()

    async def run(self):
        async with websockets.serve(self.handler, self.host, self.port):
            await asyncio.Event().wait()

    async def _broadcast(self, _text):
        return None

    def save_transcript(self, _path):
        kept.append(self)


kept = []
sys.modules["ws_coordinator"] = types.SimpleNamespace(WSCoordinator=Passage)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


demo = __import__(MODULE)
demo.PORT = free_port()
demo.WORK_DIR = os.path.join(COPY, "work")
demo.COORDINATOR_URI = f"ws://localhost:{demo.PORT}"
with contextlib.redirect_stdout(sys.stderr):
    asyncio.run(getattr(demo, {"run_distributed": "run_scenario"}.get(MODULE, MODULE))())

frames = kept[0].transcript
said = lambda direction, field: sorted({frame[field] for frame in frames if frame["direction"] == direction and frame[field]})  # noqa: E731
print(json.dumps({
    "step": MODULE,
    "participants": said("inbound", "from"),
    "said": said("inbound", "message_type"),
    "heard": said("outbound", "message_type"),
    "refused": said("outbound", "error"),
}))
