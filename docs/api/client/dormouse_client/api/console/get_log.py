from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.log import Log
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    server: str,
    *,
    lines: int | Unset = 100,
    before: bool | Unset = False,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["lines"] = lines

    params["before"] = before

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/servers/{server}/logs".format(
            server=quote(str(server), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Log | Problem | None:
    if response.status_code == 200:
        response_200 = Log.from_dict(response.json())

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Log | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    server: str,
    *,
    client: AuthenticatedClient,
    lines: int | Unset = 100,
    before: bool | Unset = False,
) -> Response[Log | Problem]:
    """Get log

     The newest lines that the game wrote, without its secrets.

    Needs the scope `console`.

    Args:
        server (str): The server's id.
        lines (int | Unset): So many at most. Default: 100.
        before (bool | Unset): Of the run before its last start. Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Log | Problem]
    """

    kwargs = _get_kwargs(
        server=server,
        lines=lines,
        before=before,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    server: str,
    *,
    client: AuthenticatedClient,
    lines: int | Unset = 100,
    before: bool | Unset = False,
) -> Log | Problem | None:
    """Get log

     The newest lines that the game wrote, without its secrets.

    Needs the scope `console`.

    Args:
        server (str): The server's id.
        lines (int | Unset): So many at most. Default: 100.
        before (bool | Unset): Of the run before its last start. Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Log | Problem
    """

    return sync_detailed(
        server=server,
        client=client,
        lines=lines,
        before=before,
    ).parsed


async def asyncio_detailed(
    server: str,
    *,
    client: AuthenticatedClient,
    lines: int | Unset = 100,
    before: bool | Unset = False,
) -> Response[Log | Problem]:
    """Get log

     The newest lines that the game wrote, without its secrets.

    Needs the scope `console`.

    Args:
        server (str): The server's id.
        lines (int | Unset): So many at most. Default: 100.
        before (bool | Unset): Of the run before its last start. Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Log | Problem]
    """

    kwargs = _get_kwargs(
        server=server,
        lines=lines,
        before=before,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    server: str,
    *,
    client: AuthenticatedClient,
    lines: int | Unset = 100,
    before: bool | Unset = False,
) -> Log | Problem | None:
    """Get log

     The newest lines that the game wrote, without its secrets.

    Needs the scope `console`.

    Args:
        server (str): The server's id.
        lines (int | Unset): So many at most. Default: 100.
        before (bool | Unset): Of the run before its last start. Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Log | Problem
    """

    return (
        await asyncio_detailed(
            server=server,
            client=client,
            lines=lines,
            before=before,
        )
    ).parsed
