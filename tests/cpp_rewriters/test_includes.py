"""Adding, replacing and dropping `#include` lines."""

from __future__ import annotations

from codemods.model import Edit, Language, Source
from cpp_rewriters import includes


def source(code: str, path: str = "src/op/a.cc") -> Source:
    return Source(path, code.encode(), Language.CPP)


def applied(code: str, edits: list[Edit]) -> str:
    data = code.encode()
    for edit in sorted(edits, reverse=True):
        data = data[: edit.start] + edit.text + data[edit.end :]
    return data.decode()


def added(code: str, name: str = "new.h", system: bool = True) -> str:
    return applied(code, list(includes.add(source(code), name, system=system)))


def test_a_system_header_goes_after_the_last_system_header() -> None:
    assert added('#include <a.h>\n#include "b.h"\nint x;\n') == (
        '#include <a.h>\n#include <new.h>\n#include "b.h"\nint x;\n'
    )


def test_in_a_sorted_block_a_header_goes_to_its_place() -> None:
    assert added("#include <m.h>\n#include <z.h>\n", "n.h") == (
        "#include <m.h>\n#include <n.h>\n#include <z.h>\n"
    )
    assert added("#include <z.h>\n#include <m.h>\n", "n.h") == (
        "#include <z.h>\n#include <m.h>\n#include <n.h>\n"
    )


def test_a_header_goes_to_others_of_its_folder() -> None:
    assert added("#include <x/a.h>\n\n#include <queue>\n", "x/b.h") == (
        "#include <x/a.h>\n#include <x/b.h>\n\n#include <queue>\n"
    )


def test_the_files_own_header_stays_on_top() -> None:
    assert added('#include "a.h"\n#include "z.h"\n', "../up.h", system=False) == (
        '#include "a.h"\n#include "../up.h"\n#include "z.h"\n'
    )


def test_the_first_of_a_kind_is_a_block_of_its_own() -> None:
    code = "#include <a.h>\n\nint x;\n"
    edits = includes.add(source(code), "n.h", "o.h", system=False)
    assert applied(code, list(edits)) == (
        '#include <a.h>\n\n#include "n.h"\n#include "o.h"\n\nint x;\n'
    )


def test_a_header_with_another_name_takes_its_place_in_a_sorted_block() -> None:
    code = "#include <f.h>\n#include <old.h>\n#include <p.h>\n"
    old = includes.includes(source(code))[1]

    def renamed(new: str) -> str:
        return applied(code, list(includes.replace(source(code), old, new, ("old.h",))))

    assert renamed("a.h") == "#include <a.h>\n#include <f.h>\n#include <p.h>\n"
    assert renamed("o.h") == "#include <f.h>\n#include <o.h>\n#include <p.h>\n"


def test_an_include_that_is_there_is_not_repeated() -> None:
    assert added("#  include <new.h>\n") == "#  include <new.h>\n"


def test_an_include_in_a_comment_does_not_count() -> None:
    assert "\n#include <new.h>\n" in added("// #include <new.h>\n#include <a.h>\n")


def test_an_include_never_lands_inside_a_condition() -> None:
    code = "#include <a.h>\n#ifdef X\n#include <x.h>\n#endif\n"
    assert added(code) == "#include <a.h>\n#include <new.h>\n#ifdef X\n#include <x.h>\n#endif\n"


def test_a_header_without_includes_gets_it_under_its_guard() -> None:
    assert added("#ifndef A_H_\n#define A_H_\nint x;\n#endif\n") == (
        "#ifndef A_H_\n#define A_H_\n#include <new.h>\nint x;\n#endif\n"
    )
    assert added("#pragma once\nint x;\n") == "#pragma once\n#include <new.h>\nint x;\n"


def test_the_line_ending_of_the_file_is_kept() -> None:
    assert (
        added("#include <a.h>\r\nint x;\r\n") == "#include <a.h>\r\n#include <new.h>\r\nint x;\r\n"
    )


def test_a_renamed_header_is_not_included_twice() -> None:
    code = "#include <old.h>\n#include <new.h>\n"
    assert (
        applied(code, list(includes.rename(source(code), "old.h", "new.h"))) == "#include <new.h>\n"
    )


def test_a_quoted_include_is_found_beside_the_file_or_above() -> None:
    known = {"src/op/b.h", "src/c.h"}
    (beside, above, absent) = includes.includes(
        source('#include "b.h"\n#include "c.h"\n#include "d.h"\n')
    )
    assert includes.resolve("src/op/a.cc", beside, known) == "src/op/b.h"
    assert includes.resolve("src/op/a.cc", above, known) == "src/c.h"
    assert includes.resolve("src/op/a.cc", absent, known) is None
