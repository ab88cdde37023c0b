"""Emulated networks, workloads and the demo of netcore."""
