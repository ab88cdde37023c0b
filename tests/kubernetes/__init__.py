"""The real Kubernetes control plane, built from its own modules and run on loopback."""
