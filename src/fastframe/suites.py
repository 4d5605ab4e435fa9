"""Cipher suites: SFrame's registered numbers and names beside the core's."""

from __future__ import annotations

from fastframe import _native
from fastframe.errors import UsageError

# SFrame's cipher suites by registered number (RFC 9605 section 8.1 and
# draft-barnes-sframe-iana-256), each with the name the core has for it.
SFRAME_SUITES = {
    1: "AES_128_CTR_HMAC_SHA256_80",
    2: "AES_128_CTR_HMAC_SHA256_64",
    3: "AES_128_CTR_HMAC_SHA256_32",
    4: "AES-128-GCM",
    5: "AES-256-GCM",
    6: "AES_256_CTR_HMAC_SHA512_80",
    7: "AES_256_CTR_HMAC_SHA512_64",
    8: "AES_256_CTR_HMAC_SHA512_32",
}
# Registered names that the core knows by another one.
SFRAME_NAMES = {
    "AES_128_GCM_SHA256_128": "AES-128-GCM",
    "AES_256_GCM_SHA512_128": "AES-256-GCM",
}


def core_suite(suite: object) -> int:
    """Give the core's number of a suite, by name or by SFrame's number."""
    if isinstance(suite, int) and not isinstance(suite, bool):
        if suite not in SFRAME_SUITES:
            raise UsageError(f"SFrame's suites are 1 to 8, got {suite}")
        suite = SFRAME_SUITES[suite]
    if isinstance(suite, str):
        suite = SFRAME_NAMES.get(suite, suite)
    return _native.SUITES.index(suite)
