"""What claims are taken for, whatever a token brings."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.auth.then import HOME, local
from core.accounts.claims import AppOnly, Identity, OtherTenant, Trusted, Untrusted, identity_of, scopes_told
from core.accounts.scopes import ALL, READ, Scope

TENANT, OTHER = "72f988bf-86f1-41af-91ab-2d7cd011db47", "11111111-2222-3333-4444-555555555555"
HOST = "https://login.example.org"
OID = "00000000-0000-0000-66f3-3332eca7ea81"
ENTRA = Trusted(f"{HOST}/{TENANT}/v2.0")
SEVERAL = Trusted(f"{HOST}/common/v2.0", frozenset({TENANT, OTHER}))
PLAIN = Trusted("https://id.example.org/realm/")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
NAMES = (
    "iss",
    "tid",
    "oid",
    "sub",
    "ver",
    "name",
    "preferred_username",
    "roles",
    "groups",
    "_claim_names",
    "scp",
    "aud",
)


def claims(**changed: Any) -> dict[str, Any]:
    return {"iss": f"{HOST}/{TENANT}/v2.0", "tid": TENANT, "oid": OID, "sub": "s", "ver": "2.0"} | changed


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_whatever_comes_is_an_identity_or_untrusted(odd: dict[str, Any]) -> None:
    for trusted in (ENTRA, SEVERAL, PLAIN):
        for told in (odd, claims(**odd)):
            try:
                found = identity_of(told, trusted)
            except Untrusted:
                continue
            assert told["iss"] in trusted.issuers
            assert all(isinstance(each, str) for each in found.grants)


def test_entra_is_known_by_tenant_and_object_and_others_by_subject() -> None:
    assert identity_of(claims(), ENTRA) == Identity(TENANT, OID, "", TENANT)
    other = identity_of({"iss": PLAIN.issuer, "sub": "7", "name": "Ada"}, PLAIN)
    assert other == Identity(PLAIN.issuer, "7", "Ada", "id.example.org")


def test_tenants_are_those_that_are_allowed() -> None:
    elsewhere = claims(tid=OTHER, iss=f"{HOST}/{OTHER}/v2.0")
    assert identity_of(elsewhere, SEVERAL).issuer == OTHER
    with pytest.raises(OtherTenant):
        identity_of(elsewhere, ENTRA)
    with pytest.raises(OtherTenant):
        identity_of(claims(), Trusted(f"{HOST}/organizations/v2.0"))


@pytest.mark.parametrize(
    "more",
    [
        {"_claim_names": {"groups": "src1"}},
        {"hasgroups": True},
        {"groups": [str(number) for number in range(501)]},
        {"groups": "7"},
    ],
)
def test_what_cannot_be_known_grants_nothing(more: dict[str, Any]) -> None:
    found = identity_of(claims(**{"groups": ["7"], "roles": ["R"], **more}), ENTRA)
    assert found.groups == frozenset()
    assert found.roles == {"R"}


def test_a_rule_may_say_whose_role_it_is() -> None:
    assert identity_of(claims(roles=["R"]), ENTRA).grants == {"R", f"{TENANT}/R"}


def test_scopes_are_ours_by_name() -> None:
    assert scopes_told({"scp": "servers.read console other"}) == {Scope.SERVERS_READ, Scope.CONSOLE}
    assert scopes_told({"scope": "read"}) == READ
    assert scopes_told({"scp": "access_as_user"}) == ALL
    assert scopes_told({"scp": "other"}) == frozenset()
    for none in ({}, {"scp": ""}, {"roles": ["all"]}, {"scp": "all", "idtyp": "app"}):
        with pytest.raises(AppOnly):
            scopes_told(none)


@given(st.text(max_size=30) | st.from_regex(r"[/\\\t]{1,3}[a-z.:/@]{0,20}"))
def test_a_sign_in_leads_to_a_page_of_ours(then: str) -> None:
    path = local(then)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\", "/auth/"))
    assert path in (then, HOME)
    assert path.isprintable()
