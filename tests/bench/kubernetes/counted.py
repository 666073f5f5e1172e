"""`dormouse run`, counting what it asks of the Kubernetes API by verb and resource.

The App is the shipped one; what sends its requests counts them first. SIGUSR1 writes
the counts so far to the file named by BENCH_REPORT.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import bot.app
from bot.settings import load
from bot.telemetry import logs
from core.cluster.kubernetes.api import Api

asked: Counter[str] = Counter()


def count() -> None:
    replaced: Any = Api
    send = replaced._send

    def counting(api: Api, verb: str, resource: str, *rest: Any, **more: Any) -> Any:
        asked[f"{verb} {resource}"] += 1
        return send(api, verb, resource, *rest, **more)

    replaced._send = counting


async def run() -> None:
    settings, _ = load()
    count()
    app = await bot.app.build(settings)
    report = Path(os.environ["BENCH_REPORT"])
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, lambda: report.write_text(json.dumps(asked)))
    await app.run()


if __name__ == "__main__":
    logs.set_up()
    asyncio.run(run())
