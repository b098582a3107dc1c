"""Label maps and labelled tiles as numbers and files a scientist uses."""
