"""The demo: emulate a network, measure it, place an application three ways, compare."""

from netcore_lab.demo._report import Report
from netcore_lab.demo._run import DemoError, run_demo

__all__ = ["DemoError", "Report", "run_demo"]
