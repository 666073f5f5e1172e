from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.changed import Changed
from ...models.new_text import NewText
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    server: str,
    *,
    body: NewText,
    path: str,
    if_match: None | str | Unset = UNSET,
    if_none_match: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["if-match"] = if_match

    if not isinstance(if_none_match, Unset):
        headers["if-none-match"] = if_none_match

    params: dict[str, Any] = {}

    params["path"] = path

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/api/v1/servers/{server}/files/text".format(
            server=quote(str(server), safe=""),
        ),
        "params": params,
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Changed | Problem | None:
    if response.status_code == 200:
        response_200 = Changed.from_dict(response.json())

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Changed | Problem]:
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
    body: NewText,
    path: str,
    if_match: None | str | Unset = UNSET,
    if_none_match: None | str | Unset = UNSET,
) -> Response[Changed | Problem]:
    """Write file

     Write a text, at most 512 KiB. 412 where somebody changed it since.

    Needs the scope `files:write`.

    Args:
        server (str): The server's id.
        path (str): In the world's folder, with / between names.
        if_match (None | str | Unset): The ETag of what one started from; * for whatever is there.
        if_none_match (None | str | Unset): * for a file that is not there yet.
        body (NewText):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Changed | Problem]
    """

    kwargs = _get_kwargs(
        server=server,
        body=body,
        path=path,
        if_match=if_match,
        if_none_match=if_none_match,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    server: str,
    *,
    client: AuthenticatedClient,
    body: NewText,
    path: str,
    if_match: None | str | Unset = UNSET,
    if_none_match: None | str | Unset = UNSET,
) -> Changed | Problem | None:
    """Write file

     Write a text, at most 512 KiB. 412 where somebody changed it since.

    Needs the scope `files:write`.

    Args:
        server (str): The server's id.
        path (str): In the world's folder, with / between names.
        if_match (None | str | Unset): The ETag of what one started from; * for whatever is there.
        if_none_match (None | str | Unset): * for a file that is not there yet.
        body (NewText):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Changed | Problem
    """

    return sync_detailed(
        server=server,
        client=client,
        body=body,
        path=path,
        if_match=if_match,
        if_none_match=if_none_match,
    ).parsed


async def asyncio_detailed(
    server: str,
    *,
    client: AuthenticatedClient,
    body: NewText,
    path: str,
    if_match: None | str | Unset = UNSET,
    if_none_match: None | str | Unset = UNSET,
) -> Response[Changed | Problem]:
    """Write file

     Write a text, at most 512 KiB. 412 where somebody changed it since.

    Needs the scope `files:write`.

    Args:
        server (str): The server's id.
        path (str): In the world's folder, with / between names.
        if_match (None | str | Unset): The ETag of what one started from; * for whatever is there.
        if_none_match (None | str | Unset): * for a file that is not there yet.
        body (NewText):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Changed | Problem]
    """

    kwargs = _get_kwargs(
        server=server,
        body=body,
        path=path,
        if_match=if_match,
        if_none_match=if_none_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    server: str,
    *,
    client: AuthenticatedClient,
    body: NewText,
    path: str,
    if_match: None | str | Unset = UNSET,
    if_none_match: None | str | Unset = UNSET,
) -> Changed | Problem | None:
    """Write file

     Write a text, at most 512 KiB. 412 where somebody changed it since.

    Needs the scope `files:write`.

    Args:
        server (str): The server's id.
        path (str): In the world's folder, with / between names.
        if_match (None | str | Unset): The ETag of what one started from; * for whatever is there.
        if_none_match (None | str | Unset): * for a file that is not there yet.
        body (NewText):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Changed | Problem
    """

    return (
        await asyncio_detailed(
            server=server,
            client=client,
            body=body,
            path=path,
            if_match=if_match,
            if_none_match=if_none_match,
        )
    ).parsed
