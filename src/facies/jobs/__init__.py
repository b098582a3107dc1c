"""Jobs: what they are, where they and their files are kept, and who does them."""
