"""The `netcore` command: finds its subcommands in the distributions that are installed.

Each subcommand is a module, named by an entry point of the group `netcore.commands`, with
`HELP`, `configure(parser)` and `run(args) -> exit code`. Only the module asked for is imported.
"""

from netcore.cli._main import main

__all__ = ["main"]
