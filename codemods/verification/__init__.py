"""The parts of `python -m codemods.verify`. Nothing of a tree is executed."""
