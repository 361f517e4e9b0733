"""What runs inside the subprocesses that execute a tree's own Python.

Nothing here imports the rest of the toolkit or its dependencies: the interpreter is the tree's,
with torch and the tree's packages, not ours.
"""
