"""One process under callgrind: runs each case, with a dump around each loop.

os.getppid() calls libc's getppid, at which callgrind dumps what it has counted
since the last time: see instructions.py. The facts of the process are printed.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import sys
from typing import TYPE_CHECKING

import cffi

import fastframe as ff
from gates.cases import COUNTED, Case

if TYPE_CHECKING:
    from collections.abc import Callable

WARM_UP = 300  # calls: the interpreter has specialised its bytecode by then
FEW, MANY = 100, 1100
DUMPS = 3  # per case: what came before, the few, the many


def repeat(call: Callable[[], object], times: int) -> None:
    """Make a call so many times."""
    for _ in range(times):
        call()


def run(case: Case) -> bool:
    """Run one case; False on an older fastframe, which cannot do this yet."""
    try:
        call = case.build(WARM_UP + FEW + MANY)
    except (TypeError, ff.FastframeError):
        return False
    repeat(call, WARM_UP)
    os.getppid()
    repeat(call, FEW)
    os.getppid()
    repeat(call, MANY)
    os.getppid()
    return True


def main() -> None:
    """Run all cases."""
    gc.disable()  # when it would run depends on all that went before
    names = [(case.name, case.frames) for case in COUNTED if run(case)]
    info = ff.build_info()
    facts = {
        "python": info.python,
        "python_build": " ".join(
            (*platform.python_build(), platform.python_compiler())
        ),
        "cffi": cffi.__version__,
        "openssl": f"{info.openssl}, {info.linked}",
        "cpu": " ".join(info.cpu_features),
        "machine": f"{platform.system()} {platform.machine()}",
        "libc": " ".join(platform.libc_ver()),
    }
    extension = sys.modules["fastframe._ffi"].__file__
    found = {"facts": facts, "cases": names, "extension": extension}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
