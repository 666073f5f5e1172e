"""Pure: who somebody is, from the claims of an OpenID provider's token whose signature holds.

Microsoft Entra ID is known by its issuer's path, `/{tenant}/v2.0`. There somebody is (`tid`, `oid`): names and
addresses change, and get other owners. At any other provider they are (`iss`, `sub`).

Claims of Entra ID: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from core.accounts.scopes import ALL, READ, Scope

TENANT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOST_GRANTS = 500
"""App roles, and groups, that are kept of one person. Entra ID tells 200 groups at most, then an overage."""
LONGEST = 255

_ENTRA = re.compile(rf"/({TENANT.pattern}|common|organizations|consumers)/v2\.0")
_WHOLE = frozenset({"all", "access_as_user", "user_impersonation"})
"""Names that apps give to a permission for everything that the person may do; the last two are Entra ID's own."""


class Untrusted(Exception):
    """`why`: for the log, without anything that a stranger sent."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class OtherTenant(Untrusted):
    """Rightly signed, but of an organisation whose people may not sign in here."""


class AppOnly(Untrusted):
    """A token that stands for a program and for nobody who is a person."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """Whose tokens hold. `tenants` counts for Entra ID; empty: the issuer's own alone."""

    issuer: str
    tenants: frozenset[str] = frozenset()

    @property
    def is_entra(self) -> bool:
        return _ENTRA.fullmatch(urlsplit(self.issuer).path) is not None

    @property
    def allowed(self) -> frozenset[str]:
        path = _ENTRA.fullmatch(urlsplit(self.issuer).path)
        own = frozenset({path[1]}) if path and TENANT.fullmatch(path[1]) else frozenset[str]()
        return self.tenants or own

    @property
    def issuers(self) -> frozenset[str]:
        """What this provider calls itself: Entra ID has an issuer for each tenant."""
        if not self.is_entra:
            return frozenset({self.issuer})
        return frozenset({self.issuer, *(_of_tenant(self.issuer, tenant) for tenant in self.allowed)})


@dataclass(frozen=True, slots=True)
class Identity:
    """`name` and `organisation` are for people's eyes alone. `groups` are empty where the provider does not tell all of
    them: what cannot be known grants nothing."""

    issuer: str
    subject: str
    name: str = ""
    organisation: str = ""
    roles: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    @property
    def grants(self) -> frozenset[str]:
        """What a guild's rules may name: a role or group, also behind its issuer (`tenant/role`), because an admin of
        another tenant may make a role of the same name."""
        plain = self.roles | self.groups
        return plain | {f"{self.issuer}/{each}" for each in plain}


def issuer_of(claims: Mapping[str, Any], trusted: Trusted) -> str:
    """The issuer that a token with these claims has to have. Untrusted where it can have none."""
    if not trusted.is_entra:
        return trusted.issuer
    tenant = claims.get("tid")
    if not isinstance(tenant, str) or not TENANT.fullmatch(tenant):
        raise Untrusted("tid")
    return _of_tenant(trusted.issuer, tenant)


def identity_of(claims: Mapping[str, Any], trusted: Trusted) -> Identity:
    """Untrusted, OtherTenant."""
    if claims.get("iss") != issuer_of(claims, trusted):
        raise Untrusted("iss")
    if not trusted.is_entra:
        host = urlsplit(trusted.issuer).hostname or ""
        return _identity(claims, trusted.issuer, claims.get("sub"), host)
    if claims.get("ver") != "2.0":
        raise Untrusted("ver")
    if claims["tid"] not in trusted.allowed:
        raise OtherTenant("tenant")
    address = claims.get("preferred_username")
    domain = address.rpartition("@")[2] if isinstance(address, str) else ""
    return _identity(claims, claims["tid"], claims.get("oid"), domain or claims["tid"])


def check_nonce(claims: Mapping[str, Any], nonce: str, client: str) -> None:
    """Of an ID token (OpenID Connect Core, 3.1.3.7). Untrusted where it answers another sign-in, or another client."""
    if claims.get("nonce") != nonce:
        raise Untrusted("nonce")
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != client:
        raise Untrusted("azp")


def scopes_told(claims: Mapping[str, Any]) -> frozenset[Scope]:
    """How far an access token reaches, by `scp` (Entra ID) or `scope` (RFC 9068). AppOnly where it has none: then no
    person agreed to anything."""
    told = claims.get("scp", claims.get("scope"))
    told = " ".join(each for each in told if isinstance(each, str)) if isinstance(told, list) else told
    if not isinstance(told, str) or not told.strip() or claims.get("idtyp") == "app":
        raise AppOnly("app only")
    found: set[Scope] = set()
    for each in told.lower().split():
        if each in _WHOLE:
            found |= ALL
        elif each == "read":
            found |= READ
        else:
            found |= {scope for scope in Scope if each in (scope, scope.replace(":", "."))}
    return frozenset(found)


def _identity(claims: Mapping[str, Any], issuer: str, subject: object, organisation: str) -> Identity:
    if not isinstance(subject, str) or not 1 <= len(subject) <= LONGEST or len(issuer) > LONGEST:
        raise Untrusted("subject")
    name = next((claims[key] for key in ("name", "preferred_username") if isinstance(claims.get(key), str)), "")
    names = claims.get("_claim_names")
    unknown = bool(claims.get("hasgroups")) or (isinstance(names, Mapping) and "groups" in names)
    groups = frozenset[str]() if unknown else _told(claims.get("groups"))
    return Identity(issuer, subject, _line(name), _line(organisation), _told(claims.get("roles")), groups)


def _of_tenant(issuer: str, tenant: str) -> str:
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{parts.netloc}/{tenant}/v2.0"


def _told(values: object) -> frozenset[str]:
    """Nothing where it is no list of words, or so many that not all can be kept."""
    if not isinstance(values, list) or len(values) > MOST_GRANTS:
        return frozenset()
    return frozenset(each for each in values if isinstance(each, str) and 1 <= len(each) <= LONGEST)


def _line(text: str) -> str:
    return " ".join(text.split())[:100]
