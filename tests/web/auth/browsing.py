"""A browser before the face, without the face's own mark for forms: it keeps cookies and follows nothing by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from webface import Face, Got


def seen(got: Got) -> str:
    """A page's text, where names stand apart from the sentence around them (`bdi`), as people read it."""
    return re.sub(r"</?bdi>", "", got.text)


@dataclass
class Browser:
    face: Face
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **given: Any) -> Got:
        return await self._ask("GET", path, **given)

    async def post(self, path: str, **given: Any) -> Got:
        return await self._ask("POST", path, **given)

    async def goes(self, path: str, **given: Any) -> str:
        """Where it is sent on to."""
        got = await self.get(path, **given)
        assert got.status == 303, got.text
        return got.headers["Location"]

    async def submit(self, page: Got, path: str, **changed: str) -> Got:
        """Send a page's form, with all that it carries."""
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
        return await self.post(path, data=fields | changed, headers={"Sec-Fetch-Site": "same-origin"})

    def another(self) -> Browser:
        return Browser(self.face)

    async def _ask(self, method: str, path: str, **given: Any) -> Got:
        headers = {**given.pop("headers", {})}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        got = await self.face.ask(method, path, headers=headers, **given)
        for line in got.headers.getall("Set-Cookie", []):  # type: ignore[attr-defined]
            for name, cookie in SimpleCookie(line).items():
                assert cookie["secure"]
                assert cookie["httponly"]
                assert (cookie["path"], cookie["samesite"], cookie["domain"]) == ("/", "lax", "")
                if cookie["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = cookie.value
        return got


async def sign_in(browser: Browser, discord: Any, user: int = 1, name: str = "Ada", then: str = "/") -> str:
    """With Discord. Gives where the browser is sent in the end."""
    address = await browser.goes("/auth/discord", params={"then": then})
    return await browser.goes("/auth/discord/callback", params=discord.signs_in(address, user, name))
