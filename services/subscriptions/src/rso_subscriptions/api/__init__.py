"""Routers: request model -> command; answers ids, versions, states and instants."""
