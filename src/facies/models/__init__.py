"""Model packages, and the runtimes that run them."""
