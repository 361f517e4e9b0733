"""The units of a tree are what its own CMake compiles."""

from pathlib import Path

import pytest

from codemods.toolchain.cmake_condition import holds
from codemods.toolchain.cmake_syntax import parse
from codemods.toolchain.units import units


def tree(root: Path, cmake: str, *sources: str, **others: str) -> Path:
    """Write a tree with the given CMakeLists.txt and empty sources."""
    (root / "CMakeLists.txt").write_text(cmake)
    for name in sources:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    for name, text in others.items():
        (root / name).write_text(text)
    return root


BACKENDS = """
set(USE_CUDA OFF)
set(USE_ROCM OFF)
file(GLOB SRCS
  src/*.cc
  # a comment with src/never.cc
  src/target/rule*.cc
)
if($ENV{USE_METAL})
  set(USE_METAL ON)
elseif(APPLE)
  set(USE_METAL ON)
elseif($ENV{USE_ROCM})
  set(USE_ROCM ON)
else()
  if($ENV{USE_CUDA})
    set(USE_CUDA ON)
  elseif(DEFINED ENV{USE_CUDA} AND NOT $ENV{USE_CUDA})
    set(USE_CUDA OFF)
  else()
    set(USE_CUDA ON)
  endif()
endif()
if(USE_METAL)
  list(APPEND SRCS src/target/metal.cc)
elseif(USE_ROCM)
  file(GLOB HIP_SRCS src/target/hip.cc)
  list(APPEND SRCS ${HIP_SRCS})
elseif(USE_CUDA)
  find_package(CUDAToolkit REQUIRED)
  add_compile_definitions("MAJOR=${CUDAToolkit_VERSION_MAJOR}")
  list(APPEND SRCS src/target/cuda.cc)
endif()
add_library(objs OBJECT ${SRCS})
add_library(main SHARED $<TARGET_OBJECTS:objs>)
"""
SOURCES = (
    "src/a.cc",
    "src/b.cc",
    "src/b.h",
    "src/target/rule_x.cc",
    "src/target/cuda.cc",
    "src/target/hip.cc",
    "src/target/metal.cc",
    "src/unbuilt/c.cc",
)


@pytest.mark.parametrize(
    ("backend", "own"),
    [("CUDA", "cuda"), ("ROCM", "hip"), ("METAL", "metal")],
)
def test_backend_decides_which_sources_are_built(tmp_path: Path, backend: str, own: str) -> None:
    found = units(tree(tmp_path, BACKENDS, *SOURCES), backend)
    assert found.paths == tuple(
        sorted(["src/a.cc", "src/b.cc", "src/target/rule_x.cc", f"src/target/{own}.cc"])
    )
    assert not found.guessed


def test_definitions_come_with_the_probed_version(tmp_path: Path) -> None:
    found = units(tree(tmp_path, BACKENDS, *SOURCES), cuda_major=13)
    assert found.units[0].defines == ("MAJOR=13",)


def test_what_a_folder_defines_is_meant_for_targets_made_before_too(tmp_path: Path) -> None:
    (tmp_path / "inc").mkdir()
    cmake = """
add_library(a OBJECT src/a.cc)
set(MAJOR ${CUDAToolkit_VERSION_MAJOR})
add_compile_definitions(CUDA_MAJOR_VERSION=${MAJOR})
add_definitions(-DOLD)
include_directories(inc)
add_library(b OBJECT src/b.cc)
"""
    first, second = units(tree(tmp_path, cmake, "src/a.cc", "src/b.cc"), cuda_major=13).units
    assert first.defines == second.defines == ("CUDA_MAJOR_VERSION=13", "OLD")
    assert first.includes == second.includes == ("inc",)


def test_macro_that_globs_gives_its_caller_the_list(tmp_path: Path) -> None:
    cmake = """
    macro(my_glob kind variable)
      file(${kind} ${variable} CONFIGURE_DEPENDS ${ARGN})
    endmacro()
    my_glob(GLOB SRCS src/*.cc src/target/*.cc)
    list(REMOVE_ITEM SRCS "${CMAKE_CURRENT_SOURCE_DIR}/src/target/hip.cc")
    list(FILTER SRCS EXCLUDE REGEX "metal")
    add_library(x SHARED ${SRCS})
    """
    assert units(tree(tmp_path, cmake, *SOURCES)).paths == (
        "src/a.cc",
        "src/b.cc",
        "src/target/cuda.cc",
        "src/target/rule_x.cc",
    )


def test_options_found_in_a_loop_over_indirect_names_are_kept(tmp_path: Path) -> None:
    cmake = """
    set(BACKENDS CUDA ROCM)
    macro(define_backend B)
      set(_var "USE_${B}")
      set(_default OFF)
      if(DEFINED ${_var})
        set(_default "${${_var}}")
      endif()
      option(${_var} "doc" "${_default}")
      set(KEPT_${_var} "${${_var}}")
    endmacro()
    foreach(B IN LISTS BACKENDS)
      define_backend(${B})
    endforeach()
    if(KEPT_USE_ROCM)
      set(SRCS src/target/hip.cc)
    elseif(KEPT_USE_CUDA)
      set(SRCS src/target/cuda.cc)
    endif()
    add_library(x ${SRCS})
    """
    assert units(tree(tmp_path, cmake, *SOURCES)).paths == ("src/target/cuda.cc",)
    assert units(tmp_path, "ROCM").paths == ("src/target/hip.cc",)


def test_subfolders_are_entered_and_third_party_is_not(tmp_path: Path) -> None:
    cmake = "add_subdirectory(src)\nadd_subdirectory(3rdparty/dep dep)\n"
    tree(tmp_path, cmake, *SOURCES, "3rdparty/dep/d.cc")
    (tmp_path / "3rdparty/dep/CMakeLists.txt").write_text("add_library(dep d.cc)")
    (tmp_path / "src/CMakeLists.txt").write_text(
        "include_directories(target)\nadd_library(x a.cc)\ntarget_sources(x PRIVATE b.cc)"
    )
    found = units(tmp_path)
    assert found.paths == ("src/a.cc", "src/b.cc")
    assert found.units[0].includes == ("src/target",)


def test_a_tree_may_be_named_by_a_way_that_leads_up(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "root").mkdir()
    tree(tmp_path / "root", "add_library(main SHARED src/a.cc)\n", "src/a.cc", "src/b.cc")
    found = units(tmp_path / "here" / ".." / "root")
    assert (found.paths, found.guessed) == (("src/a.cc",), False)


@pytest.mark.parametrize(
    "way_out",
    [
        "add_subdirectory(../other)",
        "add_subdirectory(src/../../other)",
        "include(../other/CMakeLists.txt)",
        "file(GLOB FOUND ../other/*.cc)\nadd_library(more ${FOUND})",
        "file(GLOB_RECURSE FOUND src/../../*.cc)\nadd_library(more ${FOUND})",
        "file(GLOB_RECURSE FOUND ${CMAKE_SOURCE_DIR}/../*.cc)\nadd_library(more ${FOUND})",
    ],
)
def test_nothing_outside_of_the_tree_is_read_or_listed(
    tmp_path: Path, way_out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    tree(other, "add_library(other b.cc)\nadd_definitions(-DREAD)\n", "b.cc")
    (tmp_path / "root").mkdir()
    looked: list[Path] = []
    for name in ("glob", "rglob", "read_bytes"):
        real = getattr(Path, name)
        monkeypatch.setattr(
            Path, name, lambda path, *a, real=real: looked.append(path) or real(path, *a)
        )
    cmake = f"{way_out}\nadd_library(main SHARED src/a.cc)\n"
    (unit,) = units(tree(tmp_path / "root", cmake, "src/a.cc")).units
    assert (unit.path, unit.defines) == ("src/a.cc", ())
    real_paths = [path.resolve() for path in looked]
    assert [path for path in real_paths if not path.is_relative_to(tmp_path / "root")] == []


def test_an_expression_that_is_not_pythons_filters_nothing(tmp_path: Path) -> None:
    cmake = 'set(S src/a.cc)\nlist(FILTER S EXCLUDE REGEX "*[")\nadd_library(main ${S})\n'
    assert units(tree(tmp_path, cmake, "src/a.cc")).paths == ("src/a.cc",)


def test_tree_without_cmake_is_guessed_and_says_so(tmp_path: Path) -> None:
    for name in (*SOURCES, "3rdparty/x.cc", "build/y.cc", "src/tl_templates/z.cc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = units(tmp_path)
    assert found.guessed
    assert found.paths == tuple(sorted(name for name in SOURCES if name.endswith(".cc")))


def test_source_that_does_not_exist_is_no_unit(tmp_path: Path) -> None:
    assert units(tree(tmp_path, "add_library(x src/a.cc src/gone.cc)", "src/a.cc")).paths == (
        "src/a.cc",
    )


def test_cycle_of_includes_ends(tmp_path: Path) -> None:
    tree(tmp_path, "include(CMakeLists.txt)\nadd_library(x src/a.cc)", "src/a.cc")
    assert units(tmp_path).paths == ("src/a.cc",)


def test_syntax_knows_comments_brackets_quotes_and_nesting() -> None:
    text = '#[[ set(a b) ]]\nset(x "a;b # no" [==[c ${d} ]] e]==] f\\;g) # t\nif((A) AND B)\n'
    first, second = parse(text)
    assert [argument.text for argument in first.arguments] == [
        "x",
        "a;b # no",
        "c ${d} ]] e",
        "f\\;g",
    ]
    assert [argument.text for argument in second.arguments] == ["(", "A", ")", "AND", "B"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("SET", True),
        ("OFFISH", False),
        ("UNSET", False),
        ("NOT UNSET", True),
        ("UNSET OR SET AND SET", True),
        ("NOT ( SET AND UNSET )", True),
        ("DEFINED SET AND NOT DEFINED UNSET", True),
        ("DEFINED ENV{HOME_OF}", True),
        ("WORD STREQUAL hello", True),
        ("WORD MATCHES ^he", True),
        ("V VERSION_GREATER_EQUAL 3.12", True),
        ("V VERSION_LESS 3.12", False),
        ("2 GREATER 10", False),
        ("TARGET anything", False),
    ],
)
def test_condition(words: str, expected: bool) -> None:
    variables = {"SET": "ON", "OFFISH": "OFF", "WORD": "hello", "V": "3.28.0"}
    given = [(word, False) for word in words.split()]
    assert holds(given, variables.get, {}, {"HOME_OF": "x"}, Path) is expected
