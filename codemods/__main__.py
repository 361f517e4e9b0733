"""`python -m codemods`: the same as the console script."""

from codemods.cli import main

main()
