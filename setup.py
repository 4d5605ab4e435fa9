"""Names the CFFI module and picks the wheel's tag; pyproject.toml has the rest."""

import sysconfig

from setuptools import setup

# The stable ABI lets one wheel serve CPython 3.10 and later. Free-threaded
# builds have none yet, so there the wheel is tagged for one version.
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))

setup(
    cffi_modules=["csrc/ffi_build.py:ffi"],
    options={} if FREE_THREADED else {"bdist_wheel": {"py_limited_api": "cp310"}},
)
