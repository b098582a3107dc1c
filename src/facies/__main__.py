"""`python -m facies` is the command `facies`."""

from facies.cli import main

main()
