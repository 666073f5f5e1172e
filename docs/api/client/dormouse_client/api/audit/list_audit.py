from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.audit_entry_page import AuditEntryPage
from ...models.list_audit_kind_type_0 import ListAuditKindType0
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    guild: str,
    *,
    member: None | str | Unset = UNSET,
    server: None | str | Unset = UNSET,
    kind: ListAuditKindType0 | None | Unset = UNSET,
    days: int | None | Unset = UNSET,
    cursor: None | str | Unset = UNSET,
    limit: int | Unset = 50,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_member: str | Unset | None
    if isinstance(member, Unset):
        json_member = UNSET
    else:
        json_member = member
    params["member"] = json_member

    json_server: str | Unset | None
    if isinstance(server, Unset):
        json_server = UNSET
    else:
        json_server = server
    params["server"] = json_server

    json_kind: str | Unset | None
    if isinstance(kind, Unset):
        json_kind = UNSET
    elif isinstance(kind, ListAuditKindType0):
        json_kind = kind.value
    else:
        json_kind = kind
    params["kind"] = json_kind

    json_days: int | Unset | None
    if isinstance(days, Unset):
        json_days = UNSET
    else:
        json_days = days
    params["days"] = json_days

    json_cursor: str | Unset | None
    if isinstance(cursor, Unset):
        json_cursor = UNSET
    else:
        json_cursor = cursor
    params["cursor"] = json_cursor

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/guilds/{guild}/audit".format(
            guild=quote(str(guild), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> AuditEntryPage | Problem | None:
    if response.status_code == 200:
        response_200 = AuditEntryPage.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 405:
        response_405 = Problem.from_dict(response.json())

        return response_405

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())

        return response_409

    if response.status_code == 413:
        response_413 = Problem.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = Problem.from_dict(response.json())

        return response_415

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    if response.status_code == 429:
        response_429 = Problem.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = Problem.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    if response.status_code == 504:
        response_504 = Problem.from_dict(response.json())

        return response_504

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[AuditEntryPage | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    guild: str,
    *,
    client: AuthenticatedClient,
    member: None | str | Unset = UNSET,
    server: None | str | Unset = UNSET,
    kind: ListAuditKindType0 | None | Unset = UNSET,
    days: int | None | Unset = UNSET,
    cursor: None | str | Unset = UNSET,
    limit: int | Unset = 50,
) -> Response[AuditEntryPage | Problem]:
    """List audit

     Newest first.

    Needs the scope `guilds:read`.

    Args:
        guild (str): The guild's id.
        member (None | str | Unset): Only what they did.
        server (None | str | Unset): Only of this one, by its id.
        kind (ListAuditKindType0 | None | Unset): Only such.
        days (int | None | Unset): Only so far back.
        cursor (None | str | Unset): `next` of the part before; without it, the first.
        limit (int | Unset): How many at most. Default: 50.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AuditEntryPage | Problem]
    """

    kwargs = _get_kwargs(
        guild=guild,
        member=member,
        server=server,
        kind=kind,
        days=days,
        cursor=cursor,
        limit=limit,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    guild: str,
    *,
    client: AuthenticatedClient,
    member: None | str | Unset = UNSET,
    server: None | str | Unset = UNSET,
    kind: ListAuditKindType0 | None | Unset = UNSET,
    days: int | None | Unset = UNSET,
    cursor: None | str | Unset = UNSET,
    limit: int | Unset = 50,
) -> AuditEntryPage | Problem | None:
    """List audit

     Newest first.

    Needs the scope `guilds:read`.

    Args:
        guild (str): The guild's id.
        member (None | str | Unset): Only what they did.
        server (None | str | Unset): Only of this one, by its id.
        kind (ListAuditKindType0 | None | Unset): Only such.
        days (int | None | Unset): Only so far back.
        cursor (None | str | Unset): `next` of the part before; without it, the first.
        limit (int | Unset): How many at most. Default: 50.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AuditEntryPage | Problem
    """

    return sync_detailed(
        guild=guild,
        client=client,
        member=member,
        server=server,
        kind=kind,
        days=days,
        cursor=cursor,
        limit=limit,
    ).parsed


async def asyncio_detailed(
    guild: str,
    *,
    client: AuthenticatedClient,
    member: None | str | Unset = UNSET,
    server: None | str | Unset = UNSET,
    kind: ListAuditKindType0 | None | Unset = UNSET,
    days: int | None | Unset = UNSET,
    cursor: None | str | Unset = UNSET,
    limit: int | Unset = 50,
) -> Response[AuditEntryPage | Problem]:
    """List audit

     Newest first.

    Needs the scope `guilds:read`.

    Args:
        guild (str): The guild's id.
        member (None | str | Unset): Only what they did.
        server (None | str | Unset): Only of this one, by its id.
        kind (ListAuditKindType0 | None | Unset): Only such.
        days (int | None | Unset): Only so far back.
        cursor (None | str | Unset): `next` of the part before; without it, the first.
        limit (int | Unset): How many at most. Default: 50.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AuditEntryPage | Problem]
    """

    kwargs = _get_kwargs(
        guild=guild,
        member=member,
        server=server,
        kind=kind,
        days=days,
        cursor=cursor,
        limit=limit,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    guild: str,
    *,
    client: AuthenticatedClient,
    member: None | str | Unset = UNSET,
    server: None | str | Unset = UNSET,
    kind: ListAuditKindType0 | None | Unset = UNSET,
    days: int | None | Unset = UNSET,
    cursor: None | str | Unset = UNSET,
    limit: int | Unset = 50,
) -> AuditEntryPage | Problem | None:
    """List audit

     Newest first.

    Needs the scope `guilds:read`.

    Args:
        guild (str): The guild's id.
        member (None | str | Unset): Only what they did.
        server (None | str | Unset): Only of this one, by its id.
        kind (ListAuditKindType0 | None | Unset): Only such.
        days (int | None | Unset): Only so far back.
        cursor (None | str | Unset): `next` of the part before; without it, the first.
        limit (int | Unset): How many at most. Default: 50.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AuditEntryPage | Problem
    """

    return (
        await asyncio_detailed(
            guild=guild,
            client=client,
            member=member,
            server=server,
            kind=kind,
            days=days,
            cursor=cursor,
            limit=limit,
        )
    ).parsed
