"""The version, here alone: the package, the API documents and the build read it."""

__version__ = "0.1.0"
