"""Where the speed figures come from: `make bench`. README.md beside this file says how to read them."""
