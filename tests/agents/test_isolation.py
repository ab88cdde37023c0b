"""An edge node installs neither numpy nor the engine nor a web framework."""

import subprocess
import sys

SCRIPT = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"numpy", "netcore", "aiohttp", "orjson", "yaml", "amqtt"}:
            raise AssertionError(f"the agent imports {name}")

sys.meta_path.insert(0, Refuse())
from netcore_agents.probe import command
from netcore_agents.probe.command import main
try:
    main(["--help"])
except SystemExit as end:
    assert end.code == 0
assert not {"numpy", "netcore", "aiohttp"} & set(sys.modules)
"""


def test_the_agent_imports_nothing_that_an_edge_node_lacks():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "netcore-agent" in done.stdout
    assert "--report-interval DURATION" in done.stdout
