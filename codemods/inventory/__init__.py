"""The preservation inventory: what a tree offers to others, and whether a change kept it.

    before = take(Path("tilescale"), "HEAD")   # a revision, or the folder itself without one
    after = take(Path("tilescale"))
    verdict = compare(before, after, renames=renames_of(migrations), waivers=waivers)
    for loss in verdict.losses:
        print(loss)

`compare` looks at two trees (a port and what it started from): everything *lost* or *invented*.
`compare_merge` looks at four (base, fork, upstream, result) and adds what was *resurrected*, that
upstream or the fork had removed, and what was *upstream-lost*, that upstream brought and the merge
dropped. A rename that a migration makes is data (`codemods.model.Rename`); anything else that is
meant is a `Waiver` with a reason, read from a TOML file by `read_waivers` and counted apart.

Everything is read from the text; nothing of a tree is executed. See `docs/inventory.md`.
"""

from codemods.inventory.gates import Gate, Loss, Verdict, compare, compare_merge
from codemods.inventory.model import Entry, Inventory, Kind
from codemods.inventory.renames import renamed, renames_of
from codemods.inventory.take import take, take_files
from codemods.inventory.waivers import Waiver, read_waivers

__all__ = [
    "Entry",
    "Gate",
    "Inventory",
    "Kind",
    "Loss",
    "Verdict",
    "Waiver",
    "compare",
    "compare_merge",
    "read_waivers",
    "renamed",
    "renames_of",
    "take",
    "take_files",
]
