from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.server_page import ServerPage
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    guild: None | str | Unset = UNSET,
    mine: bool | Unset = False,
    deleted: bool | Unset = False,
    cursor: None | str | Unset = UNSET,
    limit: int | Unset = 50,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_guild: str | Unset | None
    if isinstance(guild, Unset):
        json_guild = UNSET
    else:
        json_guild = guild
    params["guild"] = json_guild

    params["mine"] = mine

    params["deleted"] = deleted

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
        "url": "/api/v1/servers",
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | ServerPage | None:
    if response.status_code == 200:
        response_200 = ServerPage.from_dict(response.json())

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
) -> Response[Problem | ServerPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    guild: None | str | Unset = UNSET,
    mine: bool | Unset = False,
    deleted: bool | Unset = False,
    cursor: None | str | Unset = UNSET,
    limit: int | Unset = 50,
) -> Response[Problem | ServerPage]:
    """List servers

     All servers that the caller may see, by guild and name.

    Needs the scope `servers:read`.

    Args:
        guild (None | str | Unset): Only this guild's.
        mine (bool | Unset): Only those that the caller owns. Default: False.
        deleted (bool | Unset): Those that are deleted, and that the caller may bring back.
            Default: False.
        cursor (None | str | Unset): `next` of the part before; without it, the first.
        limit (int | Unset): How many at most. Default: 50.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | ServerPage]
    """

    kwargs = _get_kwargs(
        guild=guild,
        mine=mine,
        deleted=deleted,
        cursor=cursor,
        limit=limit,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    guild: None | str | Unset = UNSET,
    mine: bool | Unset = False,
    deleted: bool | Unset = False,
    cursor: None | str | Unset = UNSET,
    limit: int | Unset = 50,
) -> Problem | ServerPage | None:
    """List servers

     All servers that the caller may see, by guild and name.

    Needs the scope `servers:read`.

    Args:
        guild (None | str | Unset): Only this guild's.
        mine (bool | Unset): Only those that the caller owns. Default: False.
        deleted (bool | Unset): Those that are deleted, and that the caller may bring back.
            Default: False.
        cursor (None | str | Unset): `next` of the part before; without it, the first.
        limit (int | Unset): How many at most. Default: 50.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | ServerPage
    """

    return sync_detailed(
        client=client,
        guild=guild,
        mine=mine,
        deleted=deleted,
        cursor=cursor,
        limit=limit,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    guild: None | str | Unset = UNSET,
    mine: bool | Unset = False,
    deleted: bool | Unset = False,
    cursor: None | str | Unset = UNSET,
    limit: int | Unset = 50,
) -> Response[Problem | ServerPage]:
    """List servers

     All servers that the caller may see, by guild and name.

    Needs the scope `servers:read`.

    Args:
        guild (None | str | Unset): Only this guild's.
        mine (bool | Unset): Only those that the caller owns. Default: False.
        deleted (bool | Unset): Those that are deleted, and that the caller may bring back.
            Default: False.
        cursor (None | str | Unset): `next` of the part before; without it, the first.
        limit (int | Unset): How many at most. Default: 50.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | ServerPage]
    """

    kwargs = _get_kwargs(
        guild=guild,
        mine=mine,
        deleted=deleted,
        cursor=cursor,
        limit=limit,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    guild: None | str | Unset = UNSET,
    mine: bool | Unset = False,
    deleted: bool | Unset = False,
    cursor: None | str | Unset = UNSET,
    limit: int | Unset = 50,
) -> Problem | ServerPage | None:
    """List servers

     All servers that the caller may see, by guild and name.

    Needs the scope `servers:read`.

    Args:
        guild (None | str | Unset): Only this guild's.
        mine (bool | Unset): Only those that the caller owns. Default: False.
        deleted (bool | Unset): Those that are deleted, and that the caller may bring back.
            Default: False.
        cursor (None | str | Unset): `next` of the part before; without it, the first.
        limit (int | Unset): How many at most. Default: 50.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | ServerPage
    """

    return (
        await asyncio_detailed(
            client=client,
            guild=guild,
            mine=mine,
            deleted=deleted,
            cursor=cursor,
            limit=limit,
        )
    ).parsed
