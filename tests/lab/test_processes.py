import asyncio

from netcore_lab.demo import _processes
from netcore_lab.demo._processes import Processes


async def test_a_program_that_will_not_end_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(_processes, "_GRACE_S", 0.3)
    stubborn = tmp_path / "stubborn.py"
    stubborn.write_text(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    async with asyncio.timeout(20):
        async with Processes(tmp_path) as processes:
            process = await processes.start("stubborn", "stubborn", capture=True)
            assert await process.stdout.readline() == b"ready\n"
    assert process.returncode == -9
