"""What people would use instead, on the same photos and the same weights."""
