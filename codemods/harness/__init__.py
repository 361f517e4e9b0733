"""Build and test a tree: units, link, load, import, lower, device-compile, run, compare.

Every stage ends in rows of one result table (`results.py`). Stages up to `load` compile and link
the tree's C++; from `import` on, the tree's own Python is executed, always in a subprocess.
"""
