"""The values of string constants, however they are written."""

from __future__ import annotations

from codemods.model import Language, Source
from cpp_rewriters.string_constants import CONSTANTS


def test_constants_and_their_values() -> None:
    code = b"""
static constexpr const char *kA = "a.b";
const char kB[] = "b";  // "no"
inline constexpr std::string_view kC{"c"};
#define K_D "d"
const std::string kE("e");
constexpr const char *kTwoParts = "x" "y";
std::string not_constant = "n";
// constexpr const char *kComment = "c";
"""
    again = b'constexpr const char *kB = "other";\n'
    files = {"a.h": code, "b.h": again}
    gathered = {p: CONSTANTS.gather(Source(p, d, Language.CPP)) for p, d in files.items()}
    assert CONSTANTS.digest(gathered) == {
        "kA": '"a.b"',
        "kC": '"c"',
        "K_D": '"d"',
        "kE": '"e"',
    }
