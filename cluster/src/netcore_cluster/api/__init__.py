"""The API server: resources, their verbs, and HTTP around them."""
