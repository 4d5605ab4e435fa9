"""The binary is the one that was meant: OpenSSL, linking, CPU code."""

from __future__ import annotations

import ctypes.util
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

import fastframe as ff

TOOLS = ROOT / "tools"
IS_X86_LINUX = sys.platform == "linux" and platform.machine() == "x86_64"
IS_STATIC = ff.build_info().linked == "static"
# Only the null provider, which has no cipher, and properties nobody offers.
HOSTILE = """\
openssl_conf = init
[init]
providers = providers
alg_section = algorithms
[providers]
null = activated
[activated]
activate = 1
[algorithms]
default_properties = fips=yes
"""
SEAL_AND_OPEN = """
import fastframe as ff
key = bytes(range(16))
sealed = ff.Sealer("insertable", key, ssrc=1).seal(b"frame")
assert ff.Opener("insertable", {0: key}).open(sealed) == b"frame"
print(ff.build_info().openssl, sealed.hex())
"""


def run_tool(name, *args):
    """Run one of tools/ with this interpreter."""
    command = [sys.executable, str(TOOLS / name), *map(str, args)]
    return subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own tool


def run_python(program, **variables):
    """Run a program of ours with some environment variables changed."""
    command = [sys.executable, "-c", program]
    env = os.environ | variables
    return subprocess.run(  # noqa: S603 - our own program
        command, check=False, capture_output=True, text=True, env=env
    )


# -- what build_info() says --


def test_build_info_is_complete_and_consistent():
    """The first thing asked in a bug report; it must be true."""
    info = ff.build_info()
    assert info.version == ff.__version__
    assert re.match(r"OpenSSL \d+\.\d+\.\d+", info.openssl)
    assert re.match(r"OpenSSL \d+\.\d+\.\d+", info.openssl_built_with)
    assert info.linked in ("static", "shared")
    if info.linked == "static":
        assert info.openssl == info.openssl_built_with
    assert info.python.startswith(platform.python_version())
    with pytest.raises(AttributeError):
        info.linked = "otherwise"


@pytest.mark.skipif(not IS_X86_LINUX, reason="reads /proc/cpuinfo of x86-64")
def test_cpu_features_are_those_of_the_kernel():
    """A misread capability bit would explain away slow sealing."""
    text = Path("/proc/cpuinfo").read_text()
    flags = set(re.search(r"^flags\s*:(.*)$", text, re.MULTILINE)[1].split())
    names = {
        "AES-NI": "aes",
        "PCLMULQDQ": "pclmulqdq",
        "AVX": "avx",
        "AVX2": "avx2",
        "AVX512F": "avx512f",
        "VAES": "vaes",
        "VPCLMULQDQ": "vpclmulqdq",
    }
    if os.environ.get("OPENSSL_ia32cap"):  # noqa: SIM112 - OpenSSL's spelling
        pytest.skip("OPENSSL_ia32cap masks features")
    expected = {ours for ours, kernels in names.items() if kernels in flags}
    assert set(ff.build_info().cpu_features) == expected


def test_masked_cpu_features_are_noticed():
    """vaes= says what runs, not what the CPU could; sealing works without."""
    if not IS_X86_LINUX:
        pytest.skip("OPENSSL_ia32cap is for x86")
    program = (
        SEAL_AND_OPEN + "print(ff.build_info().vaes, ff.build_info().cpu_features)"
    )
    masked = run_python(program, OPENSSL_ia32cap=":~0x20000010000")
    plain = run_python(program)
    assert masked.returncode == 0, masked.stderr
    assert masked.stdout.splitlines()[0] == plain.stdout.splitlines()[0]
    assert masked.stdout.splitlines()[1].startswith("False")
    assert "VAES" not in masked.stdout.splitlines()[1].replace("False", "")


def test_release_expectations_hold():
    """CI says what the wheel must be; a silent fallback is half as fast."""
    info = ff.build_info()
    expected_static = os.environ.get("FASTFRAME_EXPECT_STATIC")
    if expected_static is not None:
        wanted = "static" if expected_static == "1" else "shared"
        assert info.linked == wanted
    expected_version = os.environ.get("FASTFRAME_EXPECT_OPENSSL")
    if expected_version:
        _, _, version = info.openssl.partition("OpenSSL ")
        assert version.startswith(expected_version)


# -- check-vaes --


@pytest.fixture
def archive():
    """Find the libcrypto.a that make setup built, or skip."""
    if not IS_X86_LINUX:
        pytest.skip("check-vaes checks x86-64 Linux only")
    where = Path(run_tool("build-openssl", "--where").stdout.strip())
    library = where / "lib" / "libcrypto.a"
    if not library.exists():
        pytest.skip(f"no {library}: this build links another libcrypto")
    return library


def test_pinned_libcrypto_has_its_avx512_code(archive):
    """OpenSSL assembles a stub, without a word, under an old assembler."""
    done = run_tool("check-vaes", archive)
    assert done.returncode == 0, done.stderr
    assert "AVX-512 code" in done.stdout


STUB = "int ossl_vaes_vpclmulqdq_capable(void) { return 0; }"
NO_WIDE_CODE = (
    "int have; int ossl_vaes_vpclmulqdq_capable(void) { return have & 3; }"
    "void ossl_aes_gcm_encrypt_avx512(void) { have++; }"
)


@pytest.mark.skipif(not IS_X86_LINUX, reason="check-vaes checks x86-64 Linux only")
@pytest.mark.skipif(not TOOLS.is_dir(), reason="an installed wheel has no tools/")
@pytest.mark.parametrize(
    ("source", "words"),
    [
        (STUB, "holds only the stub"),
        (NO_WIDE_CODE, "no AVX-512 code"),
        ("int other(void) { return 1; }", "has no ossl_vaes_vpclmulqdq_capable"),
    ],
    ids=["stub", "no wide code", "nothing"],
)
def test_check_vaes_fails_without_the_code(tmp_path, source, words):
    """A check that cannot fail would wave the slow build through."""
    compiler, archiver = shutil.which("cc"), shutil.which("ar")
    if not compiler or not archiver:
        pytest.skip("no C compiler here")
    (tmp_path / "stub.c").write_text(source)
    made = tmp_path / "libcrypto.a"
    for command in (
        [compiler, "-O1", "-c", "stub.c", "-o", "stub.o"],
        [archiver, "rcs", str(made), "stub.o"],
    ):
        subprocess.run(command, check=True, cwd=tmp_path)  # noqa: S603 - found above
    done = run_tool("check-vaes", made)
    assert done.returncode == 1
    assert words in done.stderr


# -- configuration files --


@pytest.mark.skipif(not IS_STATIC, reason="a shared libcrypto obeys its configuration")
def test_hostile_openssl_conf_changes_nothing(tmp_path):
    """Whoever sets OPENSSL_CONF must not choose our cipher, or load code."""
    conf = tmp_path / "hostile.cnf"
    conf.write_text(HOSTILE)
    library = {"OPENSSL_CONF": str(conf), "OPENSSL_MODULES": str(tmp_path)}
    hostile = run_python(SEAL_AND_OPEN, **library)
    assert hostile.returncode == 0, hostile.stderr
    assert hostile.stdout == run_python(SEAL_AND_OPEN).stdout


@pytest.mark.skipif(not IS_STATIC, reason="a shared libcrypto obeys its configuration")
def test_that_configuration_is_hostile(tmp_path):
    """The test above proves something only if the file does harm elsewhere."""
    tool = shutil.which("openssl")
    if not tool:
        pytest.skip("no openssl command to try it on")
    conf = tmp_path / "hostile.cnf"
    conf.write_text(HOSTILE)
    env = os.environ | {"OPENSSL_CONF": str(conf)}
    done = subprocess.run(  # noqa: S603 - found above
        [tool, "dgst", "-sha256", str(conf)], check=False, capture_output=True, env=env
    )
    assert done.returncode != 0


# -- other copies of libcrypto in the process --


@pytest.mark.skipif(not IS_STATIC, reason="a shared libcrypto is the process's own")
def test_preloaded_foreign_libcrypto_changes_nothing():
    """A program that embeds Python may bring one; our calls must not land there."""
    name = ctypes.util.find_library("crypto")
    if sys.platform != "linux" or not name:
        pytest.skip("no other libcrypto to load")
    other = (
        SEAL_AND_OPEN
        + "import ctypes\n"
        + "of = ctypes.CDLL(None).OpenSSL_version; of.restype = ctypes.c_char_p\n"
        + "print(of(0).decode())\n"
    )
    preloaded = run_python(other, LD_PRELOAD=name)
    assert preloaded.returncode == 0, preloaded.stderr
    ours, _, theirs = preloaded.stdout.strip().rpartition("\n")
    # Without the preload no OpenSSL_version can be found: ours is hidden.
    assert run_python(other).returncode != 0
    assert re.match(r"OpenSSL \d", theirs)
    assert f"{ours}\n" == run_python(SEAL_AND_OPEN).stdout


# An SFrame (RFC 9605) of suite 1, made by us and made again from its parts:
# HKDF and HMAC in the libcrypto of Python's ssl, AES-CTR in cryptography's.
THREE = """
import {}
import fastframe as ff
import hmac, _hashlib, ssl
from cryptography.hazmat.backends.openssl import backend
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

ssl.create_default_context()
key, frame = bytes(range(16)), b"one frame, three libraries"
sealer = ff.Sealer("sframe", key, key_id=3, suite="AES_128_CTR_HMAC_SHA256_80")
sealed = sealer.seal(frame)

mac = lambda key, text: hmac.digest(key, text, "sha256")
suite = (1).to_bytes(2, "big")
secret = mac(b"", key)
label = b"SFrame 1.0 Secret key " + (3).to_bytes(8, "big") + suite
first = mac(secret, label + b"\1")
derived = first + mac(secret, first + label + b"\2")
label = b"SFrame 1.0 Secret salt " + (3).to_bytes(8, "big") + suite
nonce = mac(secret, label + b"\1")[:12]  # its counter is 0
ctr = Cipher(algorithms.AES(derived[:16]), modes.CTR(nonce + bytes(4))).encryptor()
body = ctr.update(frame)
head = sealed[:1]
lengths = b"".join(len(part).to_bytes(8, "big") for part in (head, body, bytes(10)))
tag = mac(derived[16:48], lengths + nonce + head + body)[:10]
assert sealed == head + body + tag, (sealed, head + body + tag)
print(ff.build_info().openssl)
print(ssl.OPENSSL_VERSION)
print(backend.openssl_version_text())
"""


@pytest.mark.parametrize("first", ["fastframe", "ssl", "cryptography.hazmat.bindings"])
def test_three_copies_of_libcrypto_agree_in_one_process(first):
    """Whichever is loaded first: each calls its own, and the bytes are the same."""
    done = run_python(THREE.format(first))
    assert done.returncode == 0, done.stderr
    ours, pythons, theirs = done.stdout.splitlines()
    assert ours == ff.build_info().openssl
    assert all(text.startswith("OpenSSL ") for text in (pythons, theirs))
