"""Kills, collisions and live backups: `python -m evals.torture`, or `make torture`, says whether anything is ever lost.

Libraries of some thousand passages are brought in, changed and pruned by processes that are killed (SIGKILL), half of
them at any moment, half while Chroma writes its index. After each kill the library is opened as anyone would open it
and compared with what readers had been shown before. Then writers collide, readers search while everything is ingested
again, backups are taken meanwhile and restored, and the disk is full. A hashing embedder keeps embedding out of the
picture, but for some lives with the packaged model. The exit status is 1 when anything was lost, half in, or wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from evals.torture_library import (
    FILES,
    MARK,
    PROCESSES,
    State,
    apart,
    changed,
    embedder,
    ingest,
    look,
    write,
)
from ingest.errors import CareerError, LibraryBusy
from ingest.library import Library
from ingest.types import Progress
from ingest.upkeep import Upkeep

_KILLS_OF_A_LIFE = 10
"""Kills that one data folder goes through; the first happens to an empty one."""
_SLOWEST = "slowest opening and looking through, ms"


# Kills


def life(folder: Path, kills: int, seed: int, real: bool = False) -> Counter[str]:
    """One data folder through some kills; what happened, counted, and every problem by name."""
    chosen = random.Random(seed)
    data, documents, shown = folder / "data", folder / "documents", folder / "shown"
    state: State = {}
    counts: Counter[str] = Counter()
    for kill in range(kills):
        following = changed(state, chosen) if state else {f"doc{number}": "1" for number in range(FILES)}
        write(documents, following)
        shown.write_text("")
        process = PROCESSES.Process(target=ingest, args=(data, documents, shown, real))
        process.start()
        aimed = (kill + seed) % 2 == 0
        reached = _wait(process, data / "views", chosen, aimed)
        process.kill()
        process.join()
        counts["kills"] += 1
        counts["killed while ingesting" if process.exitcode == -9 else "already done"] += 1
        counts["aimed at Chroma's writing"] += aimed and reached and process.exitcode == -9
        last = last_shown(shown)
        began = time.monotonic()
        try:
            state, problems = apart(look, data, _allowed(state, following, last), 20, real)
        except RuntimeError as error:
            problems = [str(error)]
        counts[_SLOWEST] = max(counts[_SLOWEST], int(1000 * (time.monotonic() - began)))
        counts.update(f"PROBLEM after kill {kill} of seed {seed}: {problem}" for problem in problems)
    checked = apart(_checked, data, real)
    counts.update(f"PROBLEM at the end of seed {seed}: {line}" for line in checked)
    return counts


def _wait(process: Any, views: Path, chosen: random.Random, aimed: bool) -> bool:
    """Wait for the moment to kill: any, or while a new view is written; whether a view was seen to be begun."""
    if not aimed:
        process.join(chosen.uniform(0.0, 3.0))
        return False
    before = set(views.glob("*-*/"))
    patience = time.monotonic() + 60
    pattern = chosen.choice(["*-*/", "*-*/*/header.bin", "*-*/*/index_metadata.pickle"])
    known = set(views.glob(pattern))
    while process.is_alive() and time.monotonic() < patience:
        if set(views.glob(pattern)) - known:
            # The folder comes first, the index about half a second later; its files are written within milliseconds.
            process.join(chosen.uniform(0.0, 0.8 if pattern == "*-*/" else 0.03))
            break
        time.sleep(0.001)
    return bool(set(views.glob("*-*/")) - before)


def last_shown(shown: Path) -> State | None:
    """What readers were shown last; None when they were shown nothing."""
    whole = [line for line in shown.read_text().splitlines(keepends=True) if line.endswith("\n")]
    found: State | None = json.loads(whole[-1]) if whole else None
    return found


def _allowed(state: State, following: State, shown: State | None) -> dict[str, list[str]]:
    """The versions that each document may be in after a kill: as readers saw it last, or as it was to become."""
    allowed = {}
    for name in {*state, *following}:
        old, new = state.get(name, ""), following.get(name, "")
        last = shown.get(name, "") if shown is not None else old
        allowed[name] = [new] if last == new else [old, new]
    return allowed


def _checked(data: Path, real: bool) -> list[str]:
    found = Upkeep(data, embedder(real)).check()
    return [] if found.ok else list(found.lines)


# Two writers


def collisions(folder: Path, attempts: int) -> Counter[str]:
    """Others try to write while one does: how many were refused, and how many got through."""
    data, documents = folder / "data", folder / "documents"
    write(documents, {"doc1": "1"})
    with closing(Library.open(data, embedder(False))) as library, library.writing():
        with ThreadPoolExecutor(10) as pool:
            said = list(pool.map(lambda _: apart(_second, data, documents), range(attempts)))
    counts = Counter("second writers refused" if one == LibraryBusy.__name__ else f"PROBLEM: {one}" for one in said)
    after = apart(_second, data, documents)
    counts.update([] if after == "1 new" else [f"PROBLEM after the first writer: {after}"])
    return counts


def _second(data: Path, documents: Path) -> str:
    with closing(Library.open(data, embedder(False))) as library:
        try:
            return f"{len(library.sync([str(documents)]).new)} new"
        except LibraryBusy as error:
            return LibraryBusy.__name__ if error.hint else "refused without a next step"


def unclean(data: Path, documents: Path) -> None:
    """Bring documents in and end like a killed process: nothing closed or sealed, the last commits in the log."""

    def die(step: Progress) -> None:
        if step.done == step.total:
            os._exit(0)

    Library.open(data, embedder(False)).sync([str(documents)], progress=die)


# Reading and backing up while everything is ingested again


def unrest(folder: Path, size: int, ingests: int, searches: int, backups: int) -> Counter[str]:
    """Search and back up while all documents, so many, are brought in again and again; what went wrong, counted."""
    data, documents, stop = folder / "data", folder / "documents", folder / "stop"
    names = [f"doc{number}" for number in range(size)]
    write(documents, dict.fromkeys(names, "0"))
    ingest(data, documents, folder / "shown", False)
    done = {}
    with ThreadPoolExecutor(2) as pool:
        reading = pool.submit(apart, _searched, data, names, searches, stop)
        backing = pool.submit(apart, _backed_up, data, folder, backups, stop)
        for version in range(1, ingests + 1):
            write(documents, dict.fromkeys(names, str(version)))
            apart(ingest, data, documents, folder / "shown", False)
            done[str(version)] = time.time()
        stop.touch()
        counts: Counter[str] = reading.result()[0]
        first_seen: dict[str, float] = reading.result()[1]
        counts.update(backing.result())
    counts["ingests meanwhile"] = ingests
    late = [max(0.0, first_seen.get(version, time.time()) - at) for version, at in done.items()]
    counts["longest until a reader saw it, ms"] = int(1000 * max(late))
    counts.update(["PROBLEM: a reader saw something after more than 5 seconds"] if max(late) > 5 else [])
    allowed = {name: [str(version) for version in range(ingests + 1)] for name in names}
    for number in range(backups):
        problems = apart(_restored, folder / f"backup{number}", folder / f"restored{number}", allowed)
        counts["backups restored and answering"] += not problems
        counts.update(f"PROBLEM in backup {number}: {problem}" for problem in problems)
    return counts


def _searched(data: Path, names: Sequence[str], least: int, stop: Path) -> tuple[Counter[str], dict[str, float]]:
    """Search until told to stop, and so many times at least; what was found, and when each version was first seen."""
    counts: Counter[str] = Counter()
    first_seen: dict[str, float] = {}
    chosen = random.Random(0)
    with closing(Library.open(data, embedder(False))) as library:
        while counts["searches meanwhile"] < least or not stop.exists():
            name = chosen.choice(names)
            counts["searches meanwhile"] += 1
            try:
                hits = library.search(name, k=5)
            except CareerError as error:
                counts[f"PROBLEM: a search failed: {error}"] += 1
                continue
            if not hits or Path(hits[0].source.uri).stem != name:
                counts["PROBLEM: a search found nothing, or the wrong document"] += 1
            for hit in hits:
                (mark,) = MARK.findall(hit.passage.text)
                if not mark.startswith(f"{Path(hit.source.uri).stem}v"):
                    counts["PROBLEM: a passage stood under another's source"] += 1
                first_seen.setdefault(mark.rpartition("v")[2].partition("p")[0], time.time())
    return counts, first_seen


def _backed_up(data: Path, folder: Path, backups: int, stop: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    for number in range(backups):
        counts["backups while ingesting"] += not stop.exists()
        Upkeep(data, embedder(False)).backup(folder / f"backup{number}")
    return counts


def _restored(file: Path, data: Path, allowed: dict[str, list[str]]) -> list[str]:
    Upkeep(data, embedder(False)).restore(file)
    return look(data, allowed, 5, False)[1]


# No room


def full_disk(folder: Path, rounds: int, seed: int) -> Counter[str]:
    """Ingest where files cannot grow beyond a limit: a clear error, nothing lost, and on it goes when there is room."""
    chosen = random.Random(seed)
    data, documents, shown = folder / "data", folder / "documents", folder / "shown"
    counts: Counter[str] = Counter()
    state: State = {}
    for turn in range(rounds):
        following = changed(state, chosen) if state else {f"doc{number}": "1" for number in range(FILES)}
        write(documents, following)
        shown.write_text("")
        # The first round never has room enough, whatever is drawn.
        room = chosen.randrange(200_000, 6_000_000) if turn else 400_000
        said = apart(limited, data, documents, shown, room)
        counts["stopped for lack of room" if said else "had room enough"] += 1
        counts.update([f"PROBLEM: no next step in {said!r}"] if said and "room" not in said else [])
        last = last_shown(shown)
        state, problems = apart(look, data, _allowed(state, following, last), 10, False)
        counts.update(f"PROBLEM after round {turn} without room: {problem}" for problem in problems)
    write(documents, following)
    apart(ingest, data, documents, shown, False)
    problems = apart(look, data, {name: [version] for name, version in following.items()}, 10, False)[1]
    counts.update(f"PROBLEM once there was room: {problem}" for problem in problems)
    return counts


def limited(data: Path, documents: Path, shown: Path, size: int | None) -> str:
    """Ingest with a limit on the size of files, if any; what was said, empty when there was room enough."""
    if size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        ingest(data, documents, shown, False)
    except CareerError as error:
        return str(error)
    return ""


# The program


def main() -> None:
    """Do all of it and print what happened."""
    parser = argparse.ArgumentParser(description="Kill, collide, back up and fill the disk, and see what is lost.")
    parser.add_argument("--kills", type=int, default=220)
    parser.add_argument("--real-kills", type=int, default=10, help="So many more with the packaged embedding model.")
    parser.add_argument("--jobs", type=int, default=2, help="Lives at the same time.")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        counts = _all(Path(folder), asked.kills, asked.real_kills, asked.jobs, asked.seed)
    for name, number in counts.items():
        print(f"{number:>8,}  {name}")
    print(f"{time.monotonic() - began:>8,.0f}  seconds")
    sys.exit(1 if any(name.startswith("PROBLEM") for name in counts) else 0)


def _all(folder: Path, kills: int, real_kills: int, jobs: int, seed: int) -> Counter[str]:
    lives = [(folder / f"life{number}", seed + number, False) for number in range(-(-kills // _KILLS_OF_A_LIFE))]
    lives += [(folder / f"real{number}", seed + number, True) for number in range(-(-real_kills // _KILLS_OF_A_LIFE))]
    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(jobs) as pool:

        def lived(one: tuple[Path, int, bool]) -> Counter[str]:
            one[0].mkdir()
            return life(one[0], _KILLS_OF_A_LIFE, one[1], one[2])

        slowest = 0
        for done in pool.map(lived, lives):
            slowest = max(slowest, done.pop(_SLOWEST))
            counts.update(done)
            problems = sum(number for name, number in counts.items() if name.startswith("PROBLEM"))
            print(f"{counts['kills']} kills, {problems} problems", file=sys.stderr, flush=True)
        counts[_SLOWEST] = slowest
    for name in ("collisions", "unrest", "full"):
        (folder / name).mkdir()
    counts.update(collisions(folder / "collisions", 50))
    counts.update(unrest(folder / "unrest", 18, 20, 1_000, 20))
    counts.update(full_disk(folder / "full", 20, seed))
    return counts


if __name__ == "__main__":
    # Children look for their work under the module's own name; without this they would warn that it is there twice.
    sys.modules["__main__"].__spec__ = None
    from evals import torture

    torture.main()
