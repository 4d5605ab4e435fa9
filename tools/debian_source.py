"""Fetch OpenSSL's source package from Debian's newest stable release.

apt runs on a private configuration in a temporary folder, so neither the
machine's package lists nor its sources change, and no root is needed. Where
to ask is taken from the machine's own sources: the same mirrors and keys,
with the suite "stable" in place of the running release. apt verifies
signatures and hashes as it always does.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from toolkit import UnavailableError, run_logged, sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST = (3, 5)  # the series openssl.pin names


class Source(NamedTuple):
    """One archive of the machine; key is Signed-By as written, or empty."""

    uri: str
    suite: str
    key: str


def one_line_sources(text: str) -> Iterator[Source]:
    """Read sources.list: deb [options] URI SUITE COMPONENT..."""
    pattern = r"^\s*deb(?:-src)?\s+(?:\[([^]]*)\]\s*)?(\S+)\s+(\S+)"
    for options, uri, suite in re.findall(pattern, text, re.MULTILINE):
        key = re.search(r"(?:^|\s)signed-by=(\S+)", options)
        yield Source(uri, suite, f" {key[1]}" if key else "")


def deb822_sources(text: str) -> Iterator[Source]:
    """Read a .sources file: paragraphs of fields, values may be folded."""
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    for paragraph in re.split(r"\n[ \t]*\n", text):
        pairs = re.findall(r"^([\w-]+):(.*(?:\n[ \t].*)*)", paragraph, re.MULTILINE)
        field = {name.lower(): value for name, value in pairs}
        if field.get("enabled", "").strip().lower() in ("no", "false", "0"):
            continue
        for uri in field.get("uris", "").split():
            for suite in field.get("suites", "").split():
                yield Source(uri, suite, field.get("signed-by", ""))


def stable_sources(etc: Path, codename: str) -> str:
    """Write deb-src paragraphs for stable from the machine's own sources."""
    found: list[Source] = []
    lists = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.list"))]
    for path in lists:
        if path.is_file():
            found += one_line_sources(path.read_text())
    for path in sorted((etc / "sources.list.d").glob("*.sources")):
        found += deb822_sources(path.read_text())
    stable = {codename: "stable", f"{codename}-security": "stable-security"}
    stable |= {name: name for name in stable.values()}
    wanted = {
        source._replace(suite=stable[source.suite]): None
        for source in found
        if source.suite in stable and not source.uri.startswith("cdrom:")
    }
    return "\n".join(
        f"Types: deb-src\nURIs: {uri}\nSuites: {suite}\nComponents: main\n"
        + (f"Signed-By:{key}\n" if key else "")
        for uri, suite, key in wanted
    )


def running_codename() -> str:
    """Return Debian's codename of this machine."""
    try:
        text = Path("/etc/os-release").read_text()
    except OSError:
        text = ""
    pairs = re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE)
    field: dict[str, str] = dict(pairs)
    if field.get("ID") != "debian" or not field.get("VERSION_CODENAME"):
        raise UnavailableError("this is not Debian")
    for tool in ("apt-get", "apt-cache", "dpkg-source"):
        if not shutil.which(tool):
            raise UnavailableError(f"{tool} is missing (apt-get install dpkg-dev)")
    return field["VERSION_CODENAME"]


def private_apt(folder: Path, sources: str) -> list[str]:
    """Lay out apt's folders under folder; return the options that use them."""
    for name in ("lists/partial", "cache/archives/partial", "sources"):
        (folder / name).mkdir(parents=True)
    (folder / "sources/stable.sources").write_text(sources)
    lines = [
        # Hooks of the machine act on the machine's lists, not on ours.
        "#clear APT::Update::Pre-Invoke;",
        "#clear APT::Update::Post-Invoke;",
        "#clear APT::Update::Post-Invoke-Success;",
        f'Dir::Etc::sourcelist "{os.devnull}";',
        f'Dir::Etc::sourceparts "{folder}/sources";',
        f'Dir::State::lists "{folder}/lists";',
        f'Dir::Cache "{folder}/cache";',
        'Acquire::http::Timeout "10";',
        'Acquire::https::Timeout "10";',
        'APT::Update::Error-Mode "any";',
        'APT::Get::AllowUnauthenticated "false";',
    ]
    if os.geteuid() == 0:
        # The user apt drops to could not write below a private cache folder.
        lines.append('APT::Sandbox::User "root";')
    config = folder / "apt.conf"
    config.write_text("\n".join(lines) + "\n")
    return ["-c", str(config)]


def listed_versions(options: list[str]) -> list[str]:
    """Return the usable versions on offer, newest first."""
    shown = subprocess.run(
        ["apt-cache", *options, "showsrc", "--only-source", "openssl"],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=dict(os.environ, LC_ALL="C"),
    ).stdout
    versions = set(re.findall(r"^Version: (\S+)$", shown, re.MULTILINE))
    if not versions:
        raise UnavailableError("no package index could be read")
    usable = [version for version in versions if series_of(version) >= OLDEST]
    if not usable:
        raise UnavailableError(f"stable has only {', '.join(sorted(versions))}")

    def order(one: str, other: str) -> int:
        newer = ["dpkg", "--compare-versions", one, "gt", other]
        return -1 if subprocess.run(newer, check=False).returncode == 0 else 1

    return sorted(usable, key=functools.cmp_to_key(order))


def series_of(version: str) -> tuple[int, int]:
    """Return (3, 5) for 3.5.7-1~deb13u3."""
    match = re.match(r"(?:\d+:)?(\d+)\.(\d+)", version)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def fetch(folder: Path, log: Path) -> dict[str, object]:
    """Download and unpack the newest version the mirror really serves."""
    sources = stable_sources(Path("/etc/apt"), running_codename())
    if not sources:
        raise UnavailableError("no Debian mirror in apt's sources")
    options = private_apt(folder / "apt", sources)
    indexed = run_logged(["apt-get", *options, "update"], log) == 0
    versions = listed_versions(options)
    files = folder / "debian"
    for version in versions:
        shutil.rmtree(files, ignore_errors=True)
        files.mkdir()
        source = ["source", "--download-only", f"openssl={version}"]
        if run_logged(["apt-get", *options, *source], log, cwd=files) == 0:
            break
    else:
        raise UnavailableError("the mirror does not serve the package")
    (description,) = files.glob("*.dsc")
    (tarball,) = files.glob("*.orig.tar.gz")
    (patches,) = files.glob("*.debian.tar.*")
    tree = folder / "source"
    if run_logged(["dpkg-source", "--extract", description, tree], log) != 0:
        raise UnavailableError("the package does not unpack")
    return {
        "source": "debian",
        "debian_version": version,
        "outdated_by": None if version == versions[0] else versions[0],
        "index_complete": indexed,
        "tarball_sha256": sha256_of(tarball),
        "debian_patches_sha256": sha256_of(patches),
        "tree": str(tree),
    }
