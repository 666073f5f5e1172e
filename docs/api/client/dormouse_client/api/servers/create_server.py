from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.server import Server
from ...models.wanted import Wanted
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: Wanted,
    idempotency_key: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/servers",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | Server | None:
    if response.status_code == 201:
        response_201 = Server.from_dict(response.json())

        return response_201

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | Server]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: Wanted,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Problem | Server]:
    """Create server

     Make a server, and start it. A game whose licence nobody accepted yet asks for that first: then the
    answer is 409
    with a `licence`, whose `question` goes to `POST /licences`.

    Needs the scope `servers:write`.

    Args:
        idempotency_key (None | str | Unset): Chosen by the caller, new for each thing that is to
            be made. The same key and request within 24 hours get the same answer, and nothing is made
            twice.
        body (Wanted): A server to be made.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Server]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: Wanted,
    idempotency_key: None | str | Unset = UNSET,
) -> Problem | Server | None:
    """Create server

     Make a server, and start it. A game whose licence nobody accepted yet asks for that first: then the
    answer is 409
    with a `licence`, whose `question` goes to `POST /licences`.

    Needs the scope `servers:write`.

    Args:
        idempotency_key (None | str | Unset): Chosen by the caller, new for each thing that is to
            be made. The same key and request within 24 hours get the same answer, and nothing is made
            twice.
        body (Wanted): A server to be made.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Server
    """

    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: Wanted,
    idempotency_key: None | str | Unset = UNSET,
) -> Response[Problem | Server]:
    """Create server

     Make a server, and start it. A game whose licence nobody accepted yet asks for that first: then the
    answer is 409
    with a `licence`, whose `question` goes to `POST /licences`.

    Needs the scope `servers:write`.

    Args:
        idempotency_key (None | str | Unset): Chosen by the caller, new for each thing that is to
            be made. The same key and request within 24 hours get the same answer, and nothing is made
            twice.
        body (Wanted): A server to be made.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Server]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: Wanted,
    idempotency_key: None | str | Unset = UNSET,
) -> Problem | Server | None:
    """Create server

     Make a server, and start it. A game whose licence nobody accepted yet asks for that first: then the
    answer is 409
    with a `licence`, whose `question` goes to `POST /licences`.

    Needs the scope `servers:write`.

    Args:
        idempotency_key (None | str | Unset): Chosen by the caller, new for each thing that is to
            be made. The same key and request within 24 hours get the same answer, and nothing is made
            twice.
        body (Wanted): A server to be made.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Server
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
