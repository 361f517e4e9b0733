"""The host target "stackvm" was removed.

Where no LLVM is built in, host code is generated as C. A function that tells device from host
functions by a target of kind "c" then takes the host's packed functions for device code: it must
look at the calling convention too, which is reported beside each change.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.strings import target_respelt

MIGRATION = Migration(
    code="TF147",
    title='the host target "stackvm" became "c"',
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("tile-ai/tilelang@a7c9a8b92",),
    effort=Effort.MEDIUM,
    rewrites=(
        target_respelt(
            "stackvm",
            "c",
            'host code is generated as C now, so a test for the target kind "c" also finds host '
            "functions",
            "where device functions are told by that kind, leave out those whose `calling_conv` is "
            "`CallingConv.C_PACKED_FUNC`",
        ),
    ),
    examples=(
        Example(
            title="the host target where LLVM is missing",
            language=Language.PYTHON,
            before=(
                'import tvm\n\ntarget_host = "llvm" if tvm.runtime.enabled("llvm") else "stackvm"\n'
            ),
            after=('import tvm\n\ntarget_host = "llvm" if tvm.runtime.enabled("llvm") else "c"\n'),
        ),
    ),
)
