"""How the Python client speaks to a server."""
