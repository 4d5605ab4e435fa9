"""Says in CycloneDX what a wheel carries that no package index knows of.

A scanner sees a Python package; that OpenSSL is linked into it, and which one,
stands here (PEP 770). Made from build.json, which tools/build-openssl writes.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from toolkit import read_pin

# Where PEP 770 wants it, below the wheel's .dist-info.
PLACE = "sboms/openssl.cdx.json"
# PEP 639: the text of the licence, named in METADATA as License-File.
LICENCE = "openssl/LICENSE.txt"


def purl_of(built: dict[str, Any]) -> str:
    """Name the source as vulnerability databases do."""
    if built["source"] == "debian":
        return f"pkg:deb/debian/openssl@{built['debian_version']}?arch=source"
    return f"pkg:github/openssl/openssl@openssl-{built['version']}"


def describe_openssl(built: dict[str, Any]) -> dict[str, Any]:
    """Describe the library: what it is, from where, how it was configured."""
    version = built["version"]
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl_of(built),
        "name": "openssl",
        "version": version,
        "description": "libcrypto, linked static into the extension module",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "cpe": f"cpe:2.3:a:openssl:openssl:{version}:*:*:*:*:*:*:*",
        "purl": purl_of(built),
        "hashes": [{"alg": "SHA-256", "content": built["tarball_sha256"]}],
        "properties": [
            {"name": "fastframe:openssl:text", "value": built["version_text"]},
            {"name": "fastframe:openssl:target", "value": built["machine"]},
            {
                "name": "fastframe:openssl:configure",
                "value": " ".join(built["configure"]),
            },
        ],
    }
    if built["source"] == "upstream":
        component["externalReferences"] = [
            {"type": "source-distribution", "url": read_pin()["URL"]}
        ]
    return component


def make_sbom(version: str, built: dict[str, Any]) -> str:
    """Write the document for fastframe's version; the same input, same bytes."""
    openssl = describe_openssl(built)
    own = f"pkg:pypi/fastframe@{version}"
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": own,
                "name": "fastframe",
                "version": version,
                "purl": own,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": [openssl],
        "dependencies": [
            {"ref": own, "dependsOn": [openssl["bom-ref"]]},
            {"ref": openssl["bom-ref"], "dependsOn": []},
        ],
    }
    # A name of the contents, so that building twice gives one wheel.
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
    document["serialNumber"] = f"urn:uuid:{serial}"
    return json.dumps(document, indent=2) + "\n"
