"""A seed as a git repository of its own: what is published there, whether this version may be, and publishing it.

A version is a tag `vX.Y.Z` on `main`; copier finds it there, and merges the next one into projects. The commits hold
nothing of this machine: the same seeds published in the same order give the same commits everywhere. Nothing is read
of the catalogue's own repository, which need not be one. It renders nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from generator import git, seed_readme
from generator.errors import FactoryError, Problem, Refused, Where, fail
from generator.model import Artifact
from generator.seed_source import VERSION, File, Source, digest
from generator.version import Conflict, Keep, Publish, decide, order

# No clock and no person of this machine.
_BY = b"Catalog factory <catalog-factory@localhost> 946684800 +0000"
_TAG = re.compile(r"refs/tags/v(\d+\.\d+\.\d+)(\^\{\})?")


@dataclass(frozen=True)
class Place:
    """The address of a seed's repository; one on this disk is made when it is missing."""

    seed: str
    url: str
    local: bool

    @property
    def exists(self) -> bool:
        return not self.local or (Path(self.url) / "HEAD").is_file()


@dataclass(frozen=True)
class Published:
    """What a repository holds: the commit of `main`, empty where there is none, and the commits of its versions."""

    main: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def newest(self) -> str:
        """The highest version; empty where nothing is published."""
        return max(self.versions, key=order, default="")


@dataclass(frozen=True)
class Release:
    """A seed's declared version with what becomes of it."""

    source: Source = field(repr=False)
    place: Place
    published: Published
    decision: Keep | Publish


def observe(place: Place) -> Published:
    """The versions in a repository; none where it is still to be made."""
    if not place.exists:
        return Published()
    main, versions = "", {}
    for line in git.run("ls-remote", "--", place.url, about=place.url).decode().splitlines():
        commit, _, name = line.partition("\t")
        if name == "refs/heads/main":
            main = commit
        elif match := _TAG.fullmatch(name):
            versions[match[1]] = commit  # the tag itself comes first, then what it points at
    return Published(main, versions)


def plan(source: Source, place: Place) -> Release:
    """Decide what becomes of the seed's version: published means frozen, as for products.

    Raises:
        FactoryError: it has no version, or that version is published with other content.
        Refused: somebody else has written to the repository.
    """
    where = Where(f"{source.path}/{VERSION}", 1, 1)
    if not source.version:
        raise fail(
            Where(where.file), f"seed '{source.name}' has no version", "Write 1.0.0 into it, and commit it."
        )
    published = observe(place)
    there = {version: Artifact(version, "", "") for version in published.versions}
    if source.version in there:
        there[source.version] = Artifact(source.version, "", _digest_there(place, source.version))
    decision = decide(source.version, source.digest, "", there)
    if isinstance(decision, Conflict):
        raise fail(where, decision.reason, f"Raise the version to {decision.use}.")
    if published.main != published.versions.get(published.newest, ""):
        raise Refused(
            Problem(
                Where(place.url),
                f"its main is not at {f'v{published.newest}' if published.newest else 'a published version'}:"
                " somebody else has committed there",
                f"Bring that change into {source.path}/, and set main back; or name another repository.",
            )
        )
    return Release(source, place, published, decision)


def plan_all(sources: Iterable[Source], places: Mapping[str, Place]) -> list[Release]:
    """What becomes of each seed; every seed's problems at once, so that nothing is pushed while one is in conflict."""
    releases: list[Release] = []
    problems: list[Problem] = []
    kinds: set[type[FactoryError]] = set()
    for source in sources:
        try:
            releases.append(plan(source, places[source.name]))
        except FactoryError as error:
            problems += error.problems
            kinds.add(type(error))
    if problems:
        raise (kinds.pop() if len(kinds) == 1 else FactoryError)(*problems)
    return releases


def publish(release: Release) -> None:
    """Push the version: commit and tag together, or neither.

    Raises:
        GitError: the server refused, or somebody was faster; nothing was pushed.
    """
    place, version = release.place, release.source.version
    if not place.exists:
        Path(place.url).parent.mkdir(parents=True, exist_ok=True)
        _init(Path(place.url), place.url)
    with _scratch() as repository:
        parent = release.published.main
        if parent:
            _fetch(repository, place, release.published.newest)
        stream = b"".join(_stream(release.source, parent))
        git.run("fast-import", "--quiet", "--done", about=place.url, folder=repository, feed=stream)
        references = ("refs/heads/main", f"refs/tags/v{version}")
        git.run("push", "--quiet", "--atomic", place.url, *references, about=place.url, folder=repository)


def _digest_there(place: Place, version: str) -> str:
    """The digest of a published version's files, from the files themselves.

    A README that was made for the repository is none of the seed's files: a version is not another one for its wording.
    """
    tag = f"refs/tags/v{version}"
    with _scratch() as repository:
        _fetch(repository, place, version)
        listing = git.run("ls-tree", "-r", "-z", tag, about=place.url, folder=repository).decode()
        found = [entry.partition("\t") for entry in listing.split("\0") if entry]
        wanted = "".join(f"{about.split()[2]}\n" for about, _, _ in found).encode()
        content = git.run("cat-file", "--batch", about=place.url, folder=repository, feed=wanted)
    files = []
    at = 0
    for about, _, name in found:
        start = content.index(b"\n", at) + 1
        size = int(content[at:start].split()[2])
        file = File(name, content[start : start + size], about.startswith("100755"))
        if not (name == seed_readme.NAME and file.content.startswith(seed_readme.MARK.encode())):
            files.append(file)
        at = start + size + 1
    return digest(tuple(sorted(files, key=lambda file: file.path)))


@contextmanager
def _scratch() -> Iterator[Path]:
    with TemporaryDirectory(prefix="seed-") as folder:
        repository = Path(folder, "seed.git")
        _init(repository, "git")
        yield repository


def _init(folder: Path, about: str) -> None:
    # Settings and hooks of the user's for new repositories stay out.
    arguments = ("--bare", "--template=", "--initial-branch=main", "--object-format=sha1")
    git.run("init", "--quiet", *arguments, str(folder), about=about)


def _fetch(repository: Path, place: Place, version: str) -> None:
    tag = f"refs/tags/v{version}"
    git.run(
        "fetch", "--quiet", "--no-tags", place.url, f"{tag}:{tag}", about=place.url, folder=repository
    )  # fmt: skip


def _stream(source: Source, parent: str) -> Iterator[bytes]:
    """The version as git's fast-import reads it."""
    message = f"{source.name} {source.version}\n".encode()
    yield b"commit refs/heads/main\nmark :1\n"
    yield b"author %b\ncommitter %b\n%b" % (_BY, _BY, _counted(message))
    if parent:
        yield b"from %b\ndeleteall\n" % parent.encode()
    for file in source.files:
        mode = b"100755" if file.executable else b"100644"
        yield b"M %b inline %b\n%b" % (mode, _quoted(file.path), _counted(file.content))
    if all(file.path != seed_readme.NAME for file in source.files):
        readme = seed_readme.text(source).encode()
        yield b"M 100644 inline %b\n%b" % (_quoted(seed_readme.NAME), _counted(readme))
    yield b"tag v%b\nfrom :1\ntagger %b\n%b" % (source.version.encode(), _BY, _counted(message))
    yield b"done\n"


def _counted(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _quoted(path: str) -> bytes:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'.encode()
