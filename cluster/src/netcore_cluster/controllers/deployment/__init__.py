"""Deployment: rolls a new pod template out through ReplicaSets, one for each template."""

from netcore_cluster.controllers.deployment.controller import DeploymentController

__all__ = ["DeploymentController"]
