"""The controllers: each compares what is with what should be, and closes the gap."""
