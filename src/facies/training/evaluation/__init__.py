"""Evaluating a package: answers of the served analysis, scores, leaks, and the page that shows them. NumPy only."""
