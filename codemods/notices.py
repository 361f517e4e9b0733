"""What the tool says of itself: the TF9xx codes, each with its title and its explanation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """One TF9xx code. A `fatal` one makes the exit code 2: what was asked could not be done."""

    code: str
    title: str
    text: str
    fatal: bool = False


_ALL = (
    Notice(
        "TF901",
        "unparsable file",
        "The file holds names that a migration looks for, but it is not valid in its language, so "
        "nothing in it was rewritten. Mend the syntax error and run again. C++ is left for this "
        "only where a migration got into its own way or would make it worse.",
        fatal=True,
    ),
    Notice(
        "TF902",
        "region not analysed",
        "An old name stands where no syntax tree could be made: inside a macro body, an inactive "
        "`#if`, or text that does not parse. Nothing is rewritten blindly; look at it by hand.",
    ),
    Notice(
        "TF903",
        "residue",
        "An old name still stands in the text after the run, and no migration reported why. It may "
        "be a comment that quotes the old API, a document, or a use that no migration knows.",
    ),
    Notice(
        "TF904",
        "not settled",
        "The migrations of one rung went on changing the file in every pass. This is a bug of two "
        "migrations that undo each other; please report it with the file.",
        fatal=True,
    ),
    Notice(
        "TF905",
        "unused suppression",
        "A `codemods: ignore[...]` comment covers a line on which nothing was to be changed or "
        "reported. Remove it, or correct its code.",
    ),
    Notice(
        "TF906",
        "undecodable file",
        "The file is not text in the encoding that it declares (UTF-8 unless it says otherwise), "
        "which Python needs to parse it. C++ files are handled as bytes and never get this code.",
        fatal=True,
    ),
    Notice(
        "TF907",
        "file not read: binary or huge",
        "The file's name says source, but it holds NUL bytes or is larger than any source written "
        "by people. It was left alone.",
    ),
    Notice(
        "TF908",
        "unreadable file",
        "The file could not be opened. What stands in it is unknown, so the port is not complete.",
        fatal=True,
    ),
    Notice(
        "TF909",
        "read-only file",
        "The file must change but may not be written. A tree is ported whole or not at all, so "
        "nothing was written. Make it writable (`chmod u+w`) and run again.",
        fatal=True,
    ),
    Notice(
        "TF910",
        "symbolic link not followed",
        "The link leaves the tree or points nowhere. Files outside the target are never written; "
        "run on the other tree as well if it should be ported.",
    ),
    Notice(
        "TF911",
        "internal error",
        "A migration failed on this file and was not applied to it; the rest of the run went on. "
        "`--verbose` shows the traceback; please report it with the file.",
        fatal=True,
    ),
    Notice(
        "TF912",
        "result would not parse",
        "The file parsed before the run and would not parse after it, so it was left as it was. "
        "This is a bug of a migration; please report it with the file.",
        fatal=True,
    ),
    Notice(
        "TF913",
        "target's headers or packages not at hand",
        "They could not be fetched (no network, or `--offline`) and none were named. Whatever does "
        "not need them was still done.",
        fatal=True,
    ),
    Notice(
        "TF914",
        "changed lines not formatted",
        "The tree has a `.clang-format`, but clang-format could not be run on the file. The port "
        "itself is complete; format the changed lines yourself.",
    ),
    Notice(
        "TF920",
        "mended by the compiler's word",
        "No migration knew this place, but the compiler's diagnostic against the target's headers "
        "told what it should be, and more compiles with it than before. Read it once.",
    ),
    Notice(
        "TF921",
        "does not compile against the target",
        "The compiler's own words on what no migration and no rule of the guided stage could port.",
    ),
    Notice(
        "TF922",
        "Python name leads nowhere",
        "An import or an attribute of a module that neither the tree nor the target's packages "
        "have. With `--before` only those are told that led somewhere in the tree before.",
    ),
    Notice(
        "TF923",
        "name that nothing registers",
        "A function, object type, operator or pass option is asked for by a name under which "
        "neither the tree nor the target registers one. It fails when the code runs.",
    ),
    Notice(
        "TF924",
        "tvm-ffi does not go with this TVM",
        "TVM and `apache-tvm-ffi` share a binary interface that changed between versions. A pair "
        "that does not fit fails at import, aborts, or gives wrong results.",
    ),
    Notice(
        "TF925",
        "surface not preserved",
        "Something that others can rely on is gone, or is there and neither side had it. If it is "
        "meant, waive it with a reason (`--waivers FILE`).",
    ),
    Notice(
        "TF932",
        "conflict left to a person",
        "Both sides changed the same lines and no rule says which is meant. The file is an "
        "ordinary conflict in git's index: resolve it with your usual tools, `git add` it, and run "
        "`sync` again with `--continue`.",
    ),
    Notice(
        "TF940",
        "a stage of the build failed on this",
        "The compiler, linker, interpreter or test said no; the reason is its own words, and the "
        "log has all of them. A failure that the tree had before the port is none of the port's: "
        "build the tree before too, and name it with `--reference`.",
    ),
    Notice(
        "TF941",
        "not run",
        "This could not be tried on this machine, for the reason given. It is not known to work: "
        "run the stage where what it needs is there.",
    ),
    Notice(
        "TF930",
        "name that upstream left",
        "After a sync, a line that only the fork has still uses a name that upstream used at the "
        "base and uses nowhere now. Nothing fails before the line is compiled, imported or called. "
        "See what upstream's own uses became since the base.",
    ),
    Notice(
        "TF932",
        "default that upstream changed",
        "After a sync, a file that only the fork has calls a function without a parameter whose "
        "default upstream changed: it means something else now, and nothing conflicts. State the "
        "value that the call is meant to have.",
    ),
    Notice(
        "TF931",
        "upstream's version taken over, or not",
        "With `--upstream`, a file that was forked from upstream and whose meaning changed there "
        "is merged with upstream's version, from the base that its content shows. The finding says "
        "where it was and where it could not be.",
    ),
)

NOTICES: dict[str, Notice] = {notice.code: notice for notice in _ALL}


def is_fatal(code: str) -> bool:
    """Say whether a finding of `code` means that the run could not do all it was asked."""
    return code in NOTICES and NOTICES[code].fatal
