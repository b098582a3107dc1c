"""The native API, which says everything; the other dialects are thin translations of the same jobs."""
