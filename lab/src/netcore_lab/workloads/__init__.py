"""Applications to place: their objects, and how often their services call each other."""

from netcore_lab.workloads._application import Application, Call, Service
from netcore_lab.workloads.online_boutique import ONLINE_BOUTIQUE

__all__ = ["ONLINE_BOUTIQUE", "Application", "Call", "Service"]
