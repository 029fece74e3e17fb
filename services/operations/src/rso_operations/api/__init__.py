"""Routers of operations: what happened, for whoever may see the case."""
