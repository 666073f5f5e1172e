"""An example of each operation of the API: docs/api/README.md and openapi.json are made with them (`make docs`), and
the tests send them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

from bot.settings import Settings
from bot.web import rights
from bot.web.api.spec import TAGS, describe
from bot.web.app import make_api
from bot.web.context import Web

FOLDER = Path(__file__).parents[2] / "docs" / "api"
PAGE, SPEC = FOLDER / "README.md", FOLDER / "openapi.json"


@dataclass(frozen=True, slots=True)
class Example:
    """`path`: what stands in the path besides `server` and `guild`. `state`: of the server, for the tests. `who` asks,
    and gets `status`; None: what the description has first."""

    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    state: str = "running"
    who: str = "owner"
    status: int | None = None
    stream: bool = False
    """It goes on until somebody ends it: shown, and tried elsewhere."""
    content: str | None = None
    """A body that is no JSON."""


LONGEST_LINE = 120
HOOK = {"webhook": "abcdefghijkl"}
PING = HOOK | {"delivery": "0123456789abcdef01234567"}
ADA = {"kind": "member", "target": "2"}
EXAMPLES: dict[str, Example] = {
    "list_servers": Example(query={"mine": "true", "limit": "20"}),
    "get_server": Example(),
    "create_server": Example(
        body={"guild": "$GUILD", "game": "meadow", "name": "Lake"}, headers={"Idempotency-Key": "lake-1"}
    ),
    "get_settings": Example(),
    "edit_server": Example(body={"settings": {"season": "winter"}}, headers={"If-Match": "*"}),
    "resize_server": Example(body={"size": "medium"}),
    "set_idle": Example(body={"minutes": 30, "vote": True}),
    "delete_server": Example(query={"name": "$NAME"}),
    "undo_delete": Example(state="deleted"),
    "purge_server": Example(body={"name": "$NAME"}, state="deleted"),
    "resume_server": Example(state="paused"),
    "pause_server": Example(),
    "restart_server": Example(),
    "keep_server": Example(body={"hours": 3}),
    "vote_for_server": Example(),
    "accept_licence": Example(body={"mark": "0123456789abcdef", "then": "resume"}),
    "answer_licence": Example(body={"guild": "$GUILD", "question": "0123456789abcdef"}, status=409),
    "get_schedule": Example(),
    "add_to_schedule": Example(body={"kind": "asleep", "when": "Mon-Fri 22:00 to 06:00", "firm": True}),
    "remove_from_schedule": Example(path={"mark": "0123abcd"}, status=404),
    "set_schedule_zone": Example(body={"time_zone": "Europe/Berlin"}),
    "list_shares": Example(),
    "share_server": Example(path=ADA, body={"role": "manager"}),
    "unshare_server": Example(path=ADA),
    "offer_server": Example(body={"member": "2"}),
    "decline_server": Example(state="offered"),
    "take_server": Example(state="offered", who="player"),
    "follow_server": Example(),
    "unfollow_server": Example(),
    "list_snapshots": Example(query={"limit": "10"}),
    "take_snapshot": Example(body={"note": "before the dragon"}),
    "restore_world": Example(body={"snapshot": "newest"}),
    "undo_restore": Example(),
    "download_world": Example(body={}),
    "import_world": Example(body={"url": "https://example.org/pond.zip"}),
    "go_on": Example(body={"question": "0123456789abcdef"}, status=409),
    "archive_server": Example(),
    "clone_server": Example(body={"name": "Brook"}, headers={"Idempotency-Key": "brook-1"}),
    "get_job": Example(path={"job": "0123456789abcdef"}, status=404),
    "get_job_archive": Example(path={"job": "0123456789abcdef"}, status=404),
    "get_server_activity": Example(query={"days": "30"}),
    "get_server_chart": Example(query={"format": "svg"}),
    "forget_player": Example(body={"player": "Max"}),
    "get_guild_activity": Example(),
    "get_guild_chart": Example(query={"format": "svg"}),
    "list_guilds": Example(),
    "get_guild": Example(),
    "get_guild_settings": Example(who="admin"),
    "edit_guild_settings": Example(body={"time_zone": "Europe/Berlin", "names": False}, who="admin"),
    "get_guild_status": Example(who="admin"),
    "edit_guild_quota": Example(body={"per_member": 3, "memory": 8192}, who="admin"),
    "set_quota": Example(path=ADA, body={"servers": 5}, who="admin"),
    "remove_quota": Example(path=ADA, who="admin"),
    "list_guild_games": Example(who="admin"),
    "offer_game": Example(path={"game": "meadow"}, body={"sizes": ["small", "medium"]}, who="admin"),
    "list_audit": Example(query={"kind": "changes", "days": "7"}, who="admin"),
    "list_games": Example(query={"guild": "$GUILD"}),
    "get_game": Example(path={"game": "meadow"}),
    "get_account": Example(),
    "edit_account": Example(body={"time_zone": "Europe/Berlin"}),
    "list_tokens": Example(),
    "create_token": Example(body={"name": "backup script", "scopes": ["worlds:read"], "days": 30}),
    "revoke_token": Example(path={"token": "abcdefghijkl"}, status=404),
    "list_sessions": Example(),
    "end_session": Example(path={"key": "0" * 64}, status=404),
    "get_host": Example(who="operator"),
    "stream_events": Example(query={"guild": "$GUILD"}, stream=True),
    "live_server": Example(stream=True),
    "live_servers": Example(query={"guild": "$GUILD"}, stream=True),
    "list_webhooks": Example(who="admin"),
    "create_webhook": Example(
        body={"url": "https://203.0.113.7/dormouse", "kinds": ["created", "paused"]}, who="admin", status=422
    ),
    "get_webhook": Example(path=HOOK, who="admin", status=404),
    "edit_webhook": Example(path=HOOK, body={"on": False}, who="admin", status=404),
    "delete_webhook": Example(path=HOOK, who="admin", status=404),
    "rotate_webhook": Example(path=HOOK, who="admin", status=404),
    "ping_webhook": Example(path=HOOK, who="admin", status=404),
    "list_deliveries": Example(path=HOOK, who="admin", status=404),
    "redeliver": Example(path=PING, who="admin", status=404),
    "send_line": Example(body={"line": "say Lunch at noon"}),
    "get_log": Example(query={"lines": "50"}),
    "follow_log": Example(stream=True),
    "list_files": Example(query={"path": "world"}),
    "read_file": Example(query={"path": "world/notes.txt"}),
    "download_file": Example(query={"path": "world/notes.txt"}),
    "write_file": Example(
        query={"path": "world/notes.txt"}, body={"text": "Mind the dragon."}, headers={"If-Match": "*"}
    ),
    "upload_file": Example(query={"path": "world/map.png"}, headers={"If-None-Match": "*"}, content="picture"),
    "make_folder": Example(body={"path": "world/maps"}),
    "rename_file": Example(body={"path": "world/notes.txt", "to": "world/old.txt"}),
    "delete_file": Example(query={"path": "world/notes.txt"}),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One operation as the description has it, with its example. `$SERVER`, `$GUILD` and `$NAME` stand for what one
    has."""

    name: str
    method: str
    path: str
    said: dict[str, Any]
    example: Example

    @property
    def success(self) -> int:
        return self.example.status or int(next(iter(self.said["responses"])))

    @property
    def address(self) -> str:
        return self.path.format_map({"server": "$SERVER", "guild": "$GUILD", **self.example.path})

    def filled(self, values: dict[str, str]) -> tuple[str, str, dict[str, Any]]:
        """Method, address, and what aiohttp or httpx take beside."""
        query = {key: fill(value, values) for key, value in self.example.query.items()}
        given: dict[str, Any] = {"params": query, "headers": dict(self.example.headers)}
        if self.example.content is not None:
            given["data"] = self.example.content
        if self.example.body is not None:
            given["json"] = json.loads(fill(json.dumps(self.example.body), values))
        return self.method, fill(self.address, values), given

    def curl(self) -> str:
        query = f"?{urlencode(self.example.query, safe='$')}" if self.example.query else ""
        parts = [
            f'curl -fs{"N" if self.example.stream else ""}S "$DORMOUSE{self.address}{query}"',
            '-H "Authorization: Bearer $TOKEN"',
        ]
        if self.method != "get":
            parts.insert(1, f"-X {self.method.upper()}")
        parts += [f'-H "{name}: {value}"' for name, value in self.example.headers.items()]
        if self.example.body is not None:
            body = json.dumps(self.example.body).replace('"', '\\"')
            parts.append(f'--json "{body}"')
        if self.example.content is not None:
            parts.append(f"--data-binary {self.example.content}")
        return " \\\n  ".join(parts)

    def python(self) -> str:
        path = self.path.removeprefix("/api/v1")
        for name, value in self.example.path.items():
            path = path.replace(f"{{{name}}}", value)
        given = [f'f"{path}"' if "{" in path else f'"{path}"']
        if self.example.query:
            given.append(f"params={_python(self.example.query)}")
        if self.example.headers:
            given.append(f"headers={_python(self.example.headers)}")
        if self.example.body is not None:
            given.append(f"json={_python(self.example.body)}")
        if self.example.content is not None:
            given.append(f'content=b"{self.example.content}"')
        if self.example.stream:
            given.insert(0, '"GET"')
        return _called(f"api.{'stream' if self.example.stream else self.method}", given)


def _called(name: str, given: list[str]) -> str:
    """Broken into lines as ruff does, which looks into Markdown too."""
    if len(line := f"{name}({', '.join(given)})") <= LONGEST_LINE:
        return line
    if len(line := f"    {', '.join(given)}") <= LONGEST_LINE:
        return f"{name}(\n{line}\n)"
    return "\n".join([f"{name}(", *(f"    {each}," for each in given), ")"])


def fill(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"${name}", value)
    return text


def described() -> dict[str, Any]:
    return describe(make_api(Web(cast(Any, None), Settings())))


def calls(spec: dict[str, Any] | None = None) -> list[Call]:
    """Those that have an example; all of them have to (tests/web/api)."""
    found = (spec or described())["paths"]
    every = {said["operationId"]: (method, path, said) for path, item in found.items() for method, said in item.items()}
    return [
        Call(name, *every[name][:2], every[name][2], example) for name, example in EXAMPLES.items() if name in every
    ]


HEAD = """\
# The API

<!-- Made by `make docs` of the program and tests/support/apipage.py: change those. -->

What Discord can do, a program can ask for at `/api/v1`, by the same rights. [openapi.json](openapi.json) describes all
of it; a running Dormouse serves that at `/api/v1/openapi.json`, and a page to try it out at `/api/docs`.
[client](client) is a typed client in Python, made from it.

A program needs a token: `/account token` in Discord makes one, and so does the dashboard's page *Account*
([authentication.md](authentication.md)). Each operation below names the scope that it needs. What happens can be
followed as a stream ([events.md](events.md)) or sent to you ([webhooks.md](webhooks.md)).

- **Refusals** are problems (RFC 9457): `type` is what programs may rely on, `detail` the sentence that Discord shows,
  in the language of `Accept-Language` or of the caller's account. 422 says in `fields` which field cannot be taken, and
  why.
- **Nothing twice.** What makes a server takes an `Idempotency-Key`, chosen anew for each thing: the same key and
  request within 24 hours get the same answer. What was refused can be asked for again with it.
- **Nothing overwritten.** Settings are read with an `ETag`, which goes into `If-Match`: 412 says that somebody changed
  them since. `*` stands for whatever they are. Players who come and go change nothing of it.
- **Parts.** Lists have `items` and `next`, which goes into `cursor`.
- **Pace.** 60 requests at once, and one more each second. `RateLimit-Remaining` says what is left, `Retry-After` of a
  429 how long to wait. Who fails to prove who they are is limited by address in the same way. That and all other
  limits of a pace are each process's own.
- **Long work** (worlds) is a job: the answer has it as `done` where it takes a few seconds, else 202 and `running`, and
  `Location` is where to ask. Jobs are kept for an hour by the process that does them, and end with it.
- **Limits.** A body has 1 MiB at most (an uploaded file as much as its world may have, up to 2 GiB), and an answer
  begins within 30 seconds or is a 504. What is open to everybody (this description, sign-in) is limited by address.
- **Licences.** A game whose licence nobody accepted yet answers 409 with `licence`: with `question`, that goes to
  `POST /licences` (of a new server) or to `.../go-on`; else `mark` and `then` go to `.../licence`.
- **Another guild's** server is answered as one that does not exist, to the byte.

```bash
DORMOUSE=https://dormouse.example.org  TOKEN=dormouse_...  SERVER=abcdefghijkl  GUILD=80351110224678912  NAME=Pond
```
```python
import httpx

api = httpx.Client(base_url=f"{DORMOUSE}/api/v1", headers={"Authorization": f"Bearer {TOKEN}"})
```
"""


def page() -> str:
    lines, found = [HEAD], calls()
    for tag in TAGS:
        theirs = [call for call in found if tag in call.said["tags"]]
        if theirs:
            lines.append(f"## {tag.capitalize()}\n\n{TAGS[tag]}\n")
        for call in theirs:
            lines += _shown(call)
    return "\n".join(lines)


def _shown(call: Call) -> Iterator[str]:
    right = rights.of(call.name)
    told = call.said["description"].split("\n\nNeeds the scope")[0].replace("\n", " ")
    yield f"### {call.said['summary']}\n"
    yield f"`{call.method.upper()} {call.path.removeprefix('/api/v1')}` · scope `{right.scope}`\n"
    yield f"{told}\n"
    yield f"```bash\n{call.curl()}\n```"
    yield f"```python\n{call.python()}\n```\n"


def _python(value: Any) -> str:
    text = json.dumps(value).replace(": true", ": True").replace(": false", ": False")
    for name, known in (("$SERVER", "server"), ("$GUILD", "guild"), ("$NAME", "name")):
        text = text.replace(f'"{name}"', known)
    return text


def spec() -> str:
    return json.dumps(described(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), "utf-8")
    SPEC.write_text(spec(), "utf-8")
    sys.exit(0)
