"""The agent that stands beside every game. Each way to start it loads what it needs and no more.

python -m core.agent local FOLDER   on the local cluster: the game's parent; FOLDER is the server's
python -m core.agent volume         in a pod, before the game: makes the volume what it has to be, and ends
python -m core.agent pod            in a pod, beside the game, for as long as that runs; where the volume was finished
                                    before, it does first what `volume` does
python -m core.agent seal           in a job, beside no game: saves a volume at rest, and ends
python -m core.agent files          in a job, beside no game: answers for the files of a volume at rest, and ends
python -m core.agent files FOLDER N on the local cluster, beside no game: carries out the order on its stdin on volume N
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Exit codes: 0 the game has ended, 2 wrong use; of `volume`, `pod` and `seal` as core/worlds/failures.py says."""
    match arguments:
        case ["local", folder]:
            return _local(Path(folder))
        case ["files", folder, number] if number.isdecimal():
            return _files(Path(folder), int(number))
        case ["volume"]:
            from core.agent.pod.prepare import prepare

            return prepare(os.environ)
        case ["seal"]:
            from core.agent.pod.seal import seal

            return seal(os.environ)
        case ["files"]:
            from core.agent.pod import files

            asyncio.run(files.run(os.environ))
            return 0
        case ["pod"]:
            from core.agent.pod import sidecar
            from core.agent.pod.prepare import prepare_made

            code = prepare_made(os.environ)
            if code == 0:
                asyncio.run(sidecar.run(os.environ))
            return code
    print("Usage: python -m core.agent local FOLDER | files [FOLDER N] | volume | pod | seal", file=sys.stderr)
    return 2


def _files(root: Path, number: int) -> int:
    """Whoever starts it holds the volume's lock."""
    from core.agent.file_wire import LONGEST_ORDER
    from core.agent.files import parsed
    from core.agent.local.folder import ServerFolder
    from core.agent.world_files import WorldFiles

    files = WorldFiles(ServerFolder(root).volume(number))
    said = asyncio.run(files.answer(parsed(sys.stdin.buffer.read(LONGEST_ORDER + 1))))
    print(json.dumps({"event": "done", "result": said}))
    return 0


def _local(root: Path) -> int:
    from core.agent.files import read_record
    from core.agent.local import agent
    from core.agent.local.folder import ServerFolder
    from core.agent.wire import PodSpec

    folder = ServerFolder(root)
    pod = read_record(PodSpec, folder.pod_file)
    if pod is None:
        print(f"There is no pod to run in {root}.", file=sys.stderr)
        return 2
    asyncio.run(agent.run(folder, pod))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
