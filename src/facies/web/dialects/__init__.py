"""One file a foreign API, its decoding and encoding side by side."""
