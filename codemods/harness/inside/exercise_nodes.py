"""Make objects of each node type that a library registers, and see how they compare.

Started by the `nodes` stage with a request (JSON) as its only argument. Each type is exercised in a
forked process of its own, so that one that crashes has its row like the others.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from codemods.harness.inside.node_samples import NoSample, Samples


def main(request_file: str) -> None:
    """Carry out the request: one line of JSON for each type, in the order of registration."""
    request = json.loads(Path(request_file).read_text(encoding="utf-8"))
    sys.path[:0] = request["python_paths"]
    ffi: Any = importlib.import_module("tvm_ffi")
    importlib.import_module("tvm")
    keys = ffi.get_global_func("ffi.GetRegisteredTypeKeys")
    known = {str(key) for key in keys()}
    ctypes.CDLL(request["library"], os.RTLD_NOW | os.RTLD_GLOBAL)
    clone = None
    if request["cloning"]:
        ctypes.CDLL(request["cloning"], os.RTLD_NOW | os.RTLD_GLOBAL)
        clone = ffi.get_global_func("codemods.clone")
    lines = []
    for key in (str(key) for key in keys()):
        if key not in known:
            found = _apart(partial(exercise, key, clone), request["time_limit"])
            if "clone" not in found and clone is None:
                found["clone"] = f"not called: {request['why_no_clone']}"
            lines.append(json.dumps({"name": key, **found}))
    Path(request["outcome"]).write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def exercise(key: str, clone: Callable[[Any], Any] | None) -> dict[str, str]:
    """Return what became of the type `key`: `status`, `reason`, and the fields `compared`,
    `ignored` and `untried` (there is but one value for them), separated by spaces."""
    import tvm

    equal, digest = tvm.ir.structural_equal, tvm.ir.structural_hash
    samples = Samples()
    try:
        fields = samples.fields(key)
        one, same = samples.make(key, {}), samples.make(key, {})
    except NoSample as error:
        return {"status": "not run", "reason": f"no value of type `{error}` is known"}
    except Exception as error:
        return {"status": "not run", "reason": f"no object can be made of it: {_last(error)}"}
    try:
        alike = equal(one, same)
    except TypeError as error:
        return {"status": "not run", "reason": f"it does not compare: {_last(error)}"}
    wrong = [] if alike else ["two objects made alike are not equal"]
    if digest(one) != digest(same):
        wrong.append("two objects made alike hash differently")
    seen: dict[str, list[str]] = {"compared": [], "ignored": [], "untried": []}
    for name in fields:
        try:
            other = samples.make(key, {name: 1})
        except NoSample:
            seen["untried"].append(name)
            continue
        there, back = equal(one, other), equal(other, one)
        seen["ignored" if there else "compared"].append(name)
        if there != back:
            wrong.append(f"objects that differ in `{name}` are equal one way round only")
        elif there and digest(one) != digest(other):
            wrong.append(f"objects that differ in `{name}` are equal and hash differently")
    outcome = {name: " ".join(found) for name, found in seen.items()}
    if clone is not None and samples.is_a(key, "tl.TileOperator"):
        copied = clone(one)
        if copied.same_as(one):
            wrong.append("its clone is the object itself")
        elif not (equal(copied, one) and equal(one, copied) and digest(copied) == digest(one)):
            wrong.append("its clone is not equal to it")
        outcome["clone"] = "called"
    return {"status": "failed" if wrong else "passed", "reason": "; ".join(wrong), **outcome}


def _last(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _apart(work: Callable[[], dict[str, str]], time_limit: float) -> dict[str, str]:
    """Return what `work` returns in a process of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            found = work()
        except BaseException as error:
            traceback.print_exc()
            found = {"status": "failed", "reason": f"{type(error).__name__}: {_last(error)}"}
        os.write(writer, json.dumps(found).encode())
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    os.close(writer)
    deadline = time.monotonic() + time_limit
    while not (ended := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < deadline:
        time.sleep(0.005)
    if not ended[0]:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    if said:
        answer: dict[str, str] = json.loads(said)
        return answer
    code = os.waitstatus_to_exitcode(ended[1]) if ended[0] else 0
    reason = f"the process ended with {code}" if ended[0] else f"stopped after {time_limit:g} s"
    return {"status": "failed", "reason": reason}


if __name__ == "__main__":
    main(sys.argv[1])
