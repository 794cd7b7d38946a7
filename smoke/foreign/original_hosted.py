"""
The original's agent class and the original's bridge, both unmodified, in one session of a hosted sidecar, each with a token of
its own. When it says `ready` the sidecar is to be killed and started again; it goes on when a line comes on stdin.

Prints one JSON object a line. Usage: original_hosted.py <wss or ws uri of the session> <session> <folder>, with both packages on
PYTHONPATH and the tokens in TOKEN_ANA, TOKEN_BO and TOKEN_CY.
"""
import asyncio
import contextlib
import io
import json
import os
import sys
import types

sys.modules.setdefault("anthropic", types.SimpleNamespace(Anthropic=lambda api_key=None: None))
from mpac_protocol.agent import MPACAgent  # noqa: E402

URI, SESSION, FOLDER = sys.argv[1:4]


def tell(step, **facts):
    print(json.dumps({"step": step, **facts}), file=sys.__stdout__, flush=True)


async def joined(name):
    agent = MPACAgent(name=name, role_description="tests", api_key="none")
    await agent.connect(URI, SESSION, extra_headers={"Authorization": f"Bearer {os.environ[f'TOKEN_{name.upper()}']}"})
    info = await agent._do_hello()
    tell("joined", name=name, roles=info["payload"]["granted_roles"], verified=info["payload"]["identity_verified"])
    return agent


async def announced(agent, intent_id):
    """The word that comes back for an announcement: it, or why not."""
    while not agent.protocol_inbox.empty():
        agent.protocol_inbox.get_nowait()
    await agent._do_announce_intent({"intent_id": intent_id, "objective": "plan", "files": ["plan.md"]})
    while True:
        frame = await asyncio.wait_for(agent.protocol_inbox.get(), 10)
        if frame["message_type"] == "PROTOCOL_ERROR":
            return frame["payload"]["error_code"]
        if frame["message_type"] == "INTENT_ANNOUNCE" and frame["payload"]["intent_id"] == intent_id:
            return "INTENT_ANNOUNCE"


async def main():
    ana, bo = await joined("Ana"), await joined("Bo")
    tell("announced", ana=await announced(ana, "intent-ana"), bo=await announced(bo, "intent-bo"))
    tell("committed", taken=await ana._do_commit("intent-ana", "op-ana", "plan.md", "our plan\n", None))

    tell("ready")
    await asyncio.to_thread(sys.stdin.readline)

    ana, bo = await joined("Ana"), await joined("Bo")
    content, _ = await bo.read_file("plan.md")
    tell("read", content=content, listed=[one["path"] for one in await bo.list_files()])
    tell("still held", bo=await announced(bo, "intent-bo"))

    os.environ.update(MPAC_COORDINATOR_URL=URI, MPAC_COORDINATOR_TOKEN=os.environ["TOKEN_CY"], MPAC_AGENT_NAME="cy")
    os.environ.update(MPAC_WORKSPACE_DIR=FOLDER, MPAC_PRINCIPAL_ID="agent:cy")
    from mpac_mcp import coordinator_bridge as bridge

    seen = await bridge.who_is_working(FOLDER)
    begun = await bridge.begin_task("mine", ["notes.md"], FOLDER)
    overlap = await bridge.check_overlap(["plan.md"], FOLDER)
    left = await bridge.yield_task(begun["intent_id"], "done", FOLDER)
    tell("bridge", session=seen["session_id"], begun=begun["status"], overlap=overlap["has_overlap"], left=left["status"])

    await ana._send(ana.participant.withdraw_intent(SESSION, "intent-ana", reason="task_completed"))
    await asyncio.sleep(0.5)
    tell("free", bo=await announced(bo, "intent-bo"))
    for agent in (ana, bo):
        await agent._do_goodbye()
        await agent.close()


with contextlib.redirect_stdout(io.StringIO()):
    asyncio.run(main())
