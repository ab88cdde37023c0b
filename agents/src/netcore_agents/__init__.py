"""Measure the network between nodes and aggregate what was measured."""
