"""Subcommands that this distribution adds to `netcore`."""
