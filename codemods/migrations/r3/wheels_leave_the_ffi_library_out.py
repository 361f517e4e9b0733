"""A wheel does not carry the FFI's library, which comes with `apache-tvm-ffi`.

The tools that mend wheels copy every library that is linked. A second copy of `libtvm_ffi` in one
process registers everything twice and aborts, so `auditwheel` is told to leave it out, and
`delocate-wheel` not to fail because it is not there. A project that has cibuildwheel make wheels for
macOS and leaves mending them to its default fails there too, so that default is written down with
the option.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.packaging_files import command_option_added, wheels_mended_on_macos

MIGRATION = Migration(
    code="TF375",
    title="wheels leave `libtvm_ffi` out",
    rung=Rung.R3,
    introduced="0.1.7",
    removed=None,
    upstream=("tile-ai/tilelang#1108",),
    effort=Effort.LOW,
    rewrites=(
        command_option_added(
            "auditwheel", r"\bauditwheel\b[^\"'\r\n&|;]*?\brepair\b", "--exclude libtvm_ffi.so"
        ),
        command_option_added(
            "delocate-wheel", r"\bdelocate-wheel\b", "--ignore-missing-dependencies"
        ),
        # the command that cibuildwheel's options page gives as its default, and the option
        wheels_mended_on_macos(
            "delocate-wheel --ignore-missing-dependencies --require-archs {delocate_archs} "
            "-w {dest_dir} -v {wheel}"
        ),
    ),
    examples=(
        Example(
            title="repairing a wheel",
            language=Language.TOML,
            before=(
                "[tool.cibuildwheel.linux]\n"
                'repair-wheel-command = "auditwheel repair --exclude libcuda.so.1 {wheel}"\n'
            ),
            after=(
                "[tool.cibuildwheel.linux]\n"
                'repair-wheel-command = "auditwheel repair --exclude libtvm_ffi.so '
                '--exclude libcuda.so.1 {wheel}"\n'
            ),
            path="pyproject.toml",
        ),
        Example(
            title="on macOS",
            language=Language.TOML,
            before=(
                "[tool.cibuildwheel.macos]\n"
                'repair-wheel-command = ["delocate-wheel -w {dest_dir} {wheel}"]\n'
            ),
            after=(
                "[tool.cibuildwheel.macos]\nrepair-wheel-command = "
                '["delocate-wheel --ignore-missing-dependencies -w {dest_dir} {wheel}"]\n'
            ),
            path="pyproject.toml",
        ),
        Example(
            title="on macOS, where it was cibuildwheel's own affair",
            language=Language.TOML,
            before=(
                "[project]\n"
                'classifiers = ["Operating System :: MacOS"]\n\n'
                "[tool.cibuildwheel.linux]\n"
                'before-all = "true"\n\n'
                "[tool.demo]\n"
                "lines = 100\n"
            ),
            after=(
                "[project]\n"
                'classifiers = ["Operating System :: MacOS"]\n\n'
                "[tool.cibuildwheel.linux]\n"
                'before-all = "true"\n\n'
                "[tool.cibuildwheel.macos]\nrepair-wheel-command = "
                '"delocate-wheel --ignore-missing-dependencies --require-archs {delocate_archs} '
                '-w {dest_dir} -v {wheel}"\n\n'
                "[tool.demo]\n"
                "lines = 100\n"
            ),
            path="pyproject.toml",
            others={"demo/__init__.py": "import tvm\n"},
        ),
    ),
)
