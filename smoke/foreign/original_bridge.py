"""
The original MCP bridge's own functions (package mpac-mcp, unmodified, without its MCP server) against a sidecar that runs on the port and in
the session that they derive from the repository. Two bridges in one process, told apart by their principal.

Prints one JSON object a line. Usage: original_bridge.py <repository>, with both packages on PYTHONPATH.
"""
import asyncio
import json
import os
import sys
import types

sys.modules.setdefault("anthropic", types.ModuleType("anthropic"))
from mpac_mcp import coordinator_bridge as bridge  # noqa: E402
from mpac_mcp.config import build_bridge_config  # noqa: E402

REPOSITORY = sys.argv[1]
bridges = {}


def tell(step, result, *names):
    print(json.dumps({"step": step, **{name: result.get(name) for name in names}}), flush=True)


def be(name, roles="contributor"):
    """From now on the module's one bridge is this one's."""
    os.environ.update(MPAC_PRINCIPAL_ID=f"agent:{name}", MPAC_AGENT_NAME=name, MPAC_AGENT_ROLES=roles)


async def main():
    be("ana")
    seen = await bridge.who_is_working(REPOSITORY)
    tell("found", seen, "session_id", "participant_count")
    begun = await bridge.begin_task("first", ["api.py"], REPOSITORY)
    tell("begun", begun, "status", "has_conflict")
    state = await bridge.get_file_state("api.py", REPOSITORY)
    submitted = await bridge.submit_change(begun["intent_id"], "api.py", "# changed\n", state["state_ref"], REPOSITORY)
    tell("submitted", submitted, "status")
    stale = await bridge.submit_change(begun["intent_id"], "api.py", "# lost\n", state["state_ref"], REPOSITORY)
    tell("stale", stale, "status")
    tell("read", await bridge.get_file_state("api.py", REPOSITORY), "content")

    # Somebody of the original's agents leaves work behind, which the bridge takes over.
    from mpac_protocol.core.participant import Participant
    from mpac_protocol.core.models import Scope
    import websockets

    config = build_bridge_config(REPOSITORY)
    gone = Participant("agent:gone", "agent", "gone", ["contributor"], [])
    async with websockets.connect(config.uri) as socket:
        for message in (
            gone.hello(config.session_id),
            gone.announce_intent(config.session_id, "intent-gone", "left", Scope(kind="file_set", resources=["utils.py"])),
        ):
            await socket.send(json.dumps(message))
        await asyncio.sleep(0.3)
        overlap = await bridge.check_overlap(["utils.py"], REPOSITORY)
        tell("overlap", overlap, "has_overlap")
        await socket.send(json.dumps(gone.goodbye(config.session_id, reason="user_exit", intent_disposition="transfer")))
        await asyncio.sleep(0.3)
    taken = await bridge.take_over_task("intent-gone", REPOSITORY, new_objective="finish it")
    tell("taken over", taken, "status", "decision")
    tell("yielded", await bridge.yield_task(begun["intent_id"], "yielded", REPOSITORY), "status")


asyncio.run(main())
