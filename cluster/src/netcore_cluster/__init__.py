"""An embedded Kubernetes: API server, controllers and node agents in one process."""
