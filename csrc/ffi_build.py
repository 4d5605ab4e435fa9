"""Builds fastframe._ffi: the C core and its CFFI binding.

Reads the API headers verbatim, so no declaration is written twice, and takes
every .c file below csrc/, so no list of sources needs editing.

Environment: FASTFRAME_OPENSSL_DIR names a prefix with include/ and a static
lib/libcrypto.a; without it the system's libcrypto (3.0 or newer) is linked.
CIBUILDWHEEL=1 makes a wheel for others: it needs that prefix and is stripped.
"""

import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
API = ["fastframe_api.h", "batch_api.h"]
WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wvla"]
IS_WINDOWS = sys.platform == "win32"
# cibuildwheel sets it, and tools/wheel, which does the same without containers.
IS_WHEEL = bool(os.environ.get("CIBUILDWHEEL"))


def read_version() -> str:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    match = re.search(r'^version = "([^"]+)"', text, re.MULTILINE)
    if match is None:
        raise SystemExit("pyproject.toml states no version")
    return match.group(1)


def install_hint() -> str:
    if sys.platform == "darwin":
        return "brew install openssl@3"
    if shutil.which("dnf"):
        return "sudo dnf install gcc python3-devel openssl-devel"
    return "sudo apt-get install gcc python3-dev libssl-dev"


def check_openssl(include: list[str]) -> None:
    """Compile a probe, so that a missing header is named and not a puzzle.

    Not with MSVC: setuptools alone knows where it is.
    """
    if IS_WINDOWS:
        return
    probe = (
        "#include <openssl/evp.h>\n"
        "#if OPENSSL_VERSION_NUMBER < 0x30000000L\n"
        '#error "OpenSSL is older than 3.0"\n'
        "#endif\n"
        "int main(void) { return 0; }\n"
    )
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "probe.c"
        source.write_text(probe, encoding="utf-8")
        # CC may hold options or a wrapper such as ccache.
        command = shlex.split(os.environ.get("CC", "cc"))
        command += ["-c", str(source), "-o", str(source.with_suffix(".o"))]
        try:
            run = subprocess.run(
                command + [f"-I{path}" for path in include],
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise SystemExit(
                f"fastframe needs a C compiler ({command[0]} is not there).\n"
                f"Install it:  {install_hint()}"
            ) from None
    if run.returncode != 0:
        raise SystemExit(
            "fastframe needs the headers of OpenSSL 3.0 or newer "
            "(openssl/evp.h).\n"
            f"Install them:  {install_hint()}\n"
            "or set FASTFRAME_OPENSSL_DIR to a prefix with include/ and "
            f"lib/libcrypto.a.\n{run.stderr}"
        )


def find_static(prefix: str) -> tuple[str, str]:
    """Give include folder and archive below prefix.

    The archive goes on the link line by its path: -L with -lcrypto could pick
    a shared library instead.
    """
    name = "libcrypto.lib" if IS_WINDOWS else "libcrypto.a"
    for lib in ("lib", "lib64"):
        archive = Path(prefix) / lib / name
        if archive.is_file():
            return str(Path(prefix) / "include"), str(archive)
    raise SystemExit(f"FASTFRAME_OPENSSL_DIR={prefix} holds no lib/{name}")


def vaes_of(prefix: str) -> int:
    """Say what the build of the archive proved: 1, 0, or -1 if nothing."""
    try:
        facts = json.loads((Path(prefix) / "build.json").read_text("utf-8"))
        return int(facts["vaes"])
    except (OSError, KeyError, ValueError):
        return -1


def compiler_settings() -> dict[str, list[str]]:
    """Give what to tell the compiler whatever OpenSSL is linked."""
    if IS_WINDOWS:  # a .pyd shows what is declared dllexport: PyInit alone
        return {
            "include_dirs": [str(HERE), str(HERE / "windows")],
            "extra_compile_args": ["/O2", "/GL", "/std:c11"],
            "extra_link_args": ["/LTCG"],
            "libraries": ["ws2_32", "advapi32", "crypt32", "user32", "gdi32"],
        }
    if sys.platform == "darwin":
        hide = ["-Wl,-exported_symbol,_PyInit__ffi", "-Wl,-dead_strip"]
    else:
        # -fvisibility=hidden hides nothing that comes out of an archive.
        # Unhidden, our calls could meet another libcrypto in the process.
        hide = [
            f"-Wl,--version-script={HERE / 'exports.map'}",
            "-Wl,--gc-sections",
            "-Wl,-z,noexecstack",
            "-pthread",
        ]
        if IS_WHEEL:
            hide.append("-Wl,--strip-all")  # a quarter of the wheel's size
    return {
        "include_dirs": [str(HERE)],
        # One job per file costs calls between files; link-time optimisation
        # gets them back (a fifth of the time of a small frame).
        "extra_link_args": [*hide, "-flto", "-O3"],
        "extra_compile_args": [
            "-O3",
            "-flto",
            "-std=gnu11",
            "-fvisibility=hidden",
            "-ffunction-sections",
            "-fdata-sections",
            *WARNINGS,
            # cffi's own half of the code is not ours to mend
            "-Wno-unused-parameter",
            "-Wno-missing-field-initializers",
        ],
    }


def link_settings() -> dict[str, list[str]]:
    """Add to the compiler's settings those of the OpenSSL that is linked."""
    settings = compiler_settings()
    prefix = os.environ.get("FASTFRAME_OPENSSL_DIR")
    if prefix:
        include, archive = find_static(prefix)
        check_openssl([include])
        settings["include_dirs"].append(include)
        settings["extra_link_args"].insert(0, archive)
        # What hides its names is above; only then is no call shared with others.
        settings["extra_compile_args"].append("-DFF_OPENSSL_HIDDEN=1")
        vaes = vaes_of(prefix)
    elif IS_WHEEL:
        raise SystemExit(
            "a wheel must carry its own libcrypto: set FASTFRAME_OPENSSL_DIR"
        )
    else:
        check_openssl([])
        settings["extra_link_args"].insert(0, "-lcrypto")
        vaes = -1
    settings["extra_compile_args"] += [
        f'-DFF_VERSION="{read_version()}"',
        f"-DFF_OPENSSL_STATIC={int(bool(prefix))}",
        f"-DFF_OPENSSL_VAES={vaes}",
    ]
    return settings


def make_ffi() -> FFI:
    builder = FFI()
    for name in API:
        header = (HERE / name).read_text(encoding="utf-8")
        builder.cdef(header.replace("FF_MUST_USE", ""))
    sources = sorted(HERE.rglob("*.c"))
    builder.set_source(
        "fastframe._ffi",
        '#include "fastframe.h"',
        sources=[os.path.relpath(path, ROOT) for path in sources],
        **link_settings(),
    )
    return builder


if platform.python_implementation() != "CPython":
    # seal() and open() write into bytes objects that they have just made;
    # elsewhere such a pointer may be to a copy.
    raise SystemExit("fastframe is built for CPython")
ffi = make_ffi()
