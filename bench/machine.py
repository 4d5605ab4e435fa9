"""What the figures were measured on; never the machine's name."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path

import fastframe as ff

CPUINFO = Path("/proc/cpuinfo")


@cache
def facts() -> dict[str, str]:
    """Describe CPU, system, libcrypto and build, in words."""
    build = ff.build_info()
    vaes = {True: "yes", False: "no", None: "cannot be told"}[build.vaes]
    return {
        "CPU": f"{_cpu()}, {os.cpu_count()} cores",
        "CPU features": ", ".join(build.cpu_features) or "none that matter",
        "AES-GCM on AVX-512 VAES": vaes,
        "system": f"{platform.system()} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {build.python}",
        "OpenSSL": f"{build.openssl}, {build.linked}",
        "fastframe": build.version,
        "load at the start": f"{os.getloadavg()[0]:.1f}",
    }


def _cpu() -> str:
    if CPUINFO.exists():
        for line in CPUINFO.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
