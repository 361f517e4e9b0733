"""The report of a run: one document of plain data, and every form that is made from it.

`document` is the only module that looks at a port; HTML, tables and SARIF are made from what it
says, so that no two forms can disagree.
"""
