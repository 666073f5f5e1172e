from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.edit import Edit
from ...models.problem import Problem
from ...models.settings import Settings
from ...types import UNSET, Response, Unset


def _get_kwargs(
    server: str,
    *,
    body: Edit,
    if_match: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["If-Match"] = if_match

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/api/v1/servers/{server}/settings".format(
            server=quote(str(server), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | Settings | None:
    if response.status_code == 200:
        response_200 = Settings.from_dict(response.json())

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

    if response.status_code == 412:
        response_412 = Problem.from_dict(response.json())

        return response_412

    if response.status_code == 413:
        response_413 = Problem.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = Problem.from_dict(response.json())

        return response_415

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    if response.status_code == 428:
        response_428 = Problem.from_dict(response.json())

        return response_428

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | Settings]:
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
    body: Edit,
    if_match: None | str | Unset = UNSET,
) -> Response[Problem | Settings]:
    """Edit server

     Change its name, description or settings. A game that runs takes them at its next start.

    `If-Match` has the ETag of what was read: where somebody changed it since, nothing is changed.

    Needs the scope `servers:write`.

    Args:
        server (str): The server's id.
        if_match (None | str | Unset): The `ETag` of what was read before, or `*` for whatever it
            is by now.
        body (Edit): Only what is given changes. `settings` by their ids; the game's entry in the
            catalogue has them.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Settings]
    """

    kwargs = _get_kwargs(
        server=server,
        body=body,
        if_match=if_match,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    server: str,
    *,
    client: AuthenticatedClient,
    body: Edit,
    if_match: None | str | Unset = UNSET,
) -> Problem | Settings | None:
    """Edit server

     Change its name, description or settings. A game that runs takes them at its next start.

    `If-Match` has the ETag of what was read: where somebody changed it since, nothing is changed.

    Needs the scope `servers:write`.

    Args:
        server (str): The server's id.
        if_match (None | str | Unset): The `ETag` of what was read before, or `*` for whatever it
            is by now.
        body (Edit): Only what is given changes. `settings` by their ids; the game's entry in the
            catalogue has them.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Settings
    """

    return sync_detailed(
        server=server,
        client=client,
        body=body,
        if_match=if_match,
    ).parsed


async def asyncio_detailed(
    server: str,
    *,
    client: AuthenticatedClient,
    body: Edit,
    if_match: None | str | Unset = UNSET,
) -> Response[Problem | Settings]:
    """Edit server

     Change its name, description or settings. A game that runs takes them at its next start.

    `If-Match` has the ETag of what was read: where somebody changed it since, nothing is changed.

    Needs the scope `servers:write`.

    Args:
        server (str): The server's id.
        if_match (None | str | Unset): The `ETag` of what was read before, or `*` for whatever it
            is by now.
        body (Edit): Only what is given changes. `settings` by their ids; the game's entry in the
            catalogue has them.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Settings]
    """

    kwargs = _get_kwargs(
        server=server,
        body=body,
        if_match=if_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    server: str,
    *,
    client: AuthenticatedClient,
    body: Edit,
    if_match: None | str | Unset = UNSET,
) -> Problem | Settings | None:
    """Edit server

     Change its name, description or settings. A game that runs takes them at its next start.

    `If-Match` has the ETag of what was read: where somebody changed it since, nothing is changed.

    Needs the scope `servers:write`.

    Args:
        server (str): The server's id.
        if_match (None | str | Unset): The `ETag` of what was read before, or `*` for whatever it
            is by now.
        body (Edit): Only what is given changes. `settings` by their ids; the game's entry in the
            catalogue has them.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Settings
    """

    return (
        await asyncio_detailed(
            server=server,
            client=client,
            body=body,
            if_match=if_match,
        )
    ).parsed
