"""
The original Python server of a checkout that PYTHONPATH names, on a free port of this machine, which is printed.

A line `hold <from> <to>` on stdin makes bo hold that many intents at once: announced one by one, ten thousand of them would take
it a quarter of an hour, because each is compared with all before it.
"""
import asyncio
import logging
import socket
import sys
import types

# The package takes its agent along, and the agent its model's SDK; neither is measured here.
sys.modules.setdefault("anthropic", types.ModuleType("anthropic"))
from mpac_protocol.core.coordinator import Intent  # noqa: E402
from mpac_protocol.core.models import Scope  # noqa: E402
from mpac_protocol.core.state_machines import IntentStateMachine  # noqa: E402
from mpac_protocol.server import MPACServer  # noqa: E402

logging.disable(logging.CRITICAL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def hold(server: MPACServer, first: int, last: int) -> None:
    for number in range(first, last):
        machine = IntentStateMachine()
        machine.transition("ACTIVE")
        scope = Scope.from_dict({"kind": "file_set", "resources": [f"held/part-{number % 97}/clock-{number}.ts"]})
        name = f"held-{number}"
        server.coordinator.intents[name] = Intent(name, "bo", "move the clock", scope, machine)


async def main() -> None:
    port = free_port()
    server = MPACServer(session_id="bench", host="127.0.0.1", port=port)
    await server.run_background()
    print(port, flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        _, first, last = line.split()
        hold(server, int(first), int(last))
        print(f"held {last}", flush=True)


asyncio.run(main())
