"""The agent of a node: reflects its peers' probes, probes them, reports what it measured.

It installs without numpy and without the engine: nothing here imports netcore, numpy or aiohttp.

- `packet`, `path`, `schedule`, `outbox`, `prober`: the core; no clock, no socket.
- `endpoint`: UDP; `health`: HTTP; `program`: the tasks of the process.
"""
