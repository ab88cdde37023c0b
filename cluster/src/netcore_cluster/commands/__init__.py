"""Subcommands of the netcore command."""
