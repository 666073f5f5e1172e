"""Changing a server over the API: nobody overwrites what somebody else changed since."""

from __future__ import annotations

from webface import Face

from tests.conftest import ADA, BO, House


async def test_who_read_it_changes_it(house: House, face: Face) -> None:
    path, token = f"/api/v1/servers/{await house.create()}/settings", await face.token(ADA)
    read = await face.get(path, token=token)
    assert read.json["settings"]["season"] == "spring"
    changed = await face.patch(
        path, json={"settings": {"season": "winter"}}, token=token, headers={"If-Match": read.headers["ETag"]}
    )
    assert (changed.status, changed.json["settings"]["season"]) == (200, "winter")
    assert changed.headers["ETag"] != read.headers["ETag"]


async def test_what_changed_meanwhile_is_not_overwritten(house: House, face: Face) -> None:
    path, token = f"/api/v1/servers/{await house.create()}/settings", await face.token(ADA)
    tag = (await face.get(path, token=token)).headers["ETag"]
    for name, status in (("Lake", 200), ("Brook", 412)):
        got = await face.patch(path, json={"name": name}, token=token, headers={"If-Match": tag})
        assert got.status == status
    assert got.json["type"] == "urn:dormouse:edit.meanwhile"
    assert (await face.get(path, token=token)).json["name"] == "Lake"


async def test_players_who_come_do_not_stand_in_the_way(house: House, face: Face) -> None:
    """They change the server's version, and nothing that people set."""
    server = await house.create()
    path, token = f"/api/v1/servers/{server}/settings", await face.token(ADA)
    tag = (await face.get(path, token=token)).headers["ETag"]
    await house.phase(server, "running")
    await house.servers.power.keep(ADA, server)
    got = await face.patch(path, json={"name": "Lake"}, token=token, headers={"If-Match": tag})
    assert got.status == 200


async def test_what_was_read_has_to_be_said(house: House, face: Face) -> None:
    path, token = f"/api/v1/servers/{await house.create()}/settings", await face.token(ADA)
    got = await face.patch(path, json={"name": "Lake"}, token=token)
    assert (got.status, got.json["type"]) == (428, "urn:dormouse:web.if_match")
    assert (await face.patch(path, json={"name": "Lake"}, token=token, headers={"If-Match": "*"})).status == 200
    old = await face.patch(path, json={"name": "Brook"}, token=token, headers={"If-Match": 'W/"1"'})
    assert old.status == 412


async def test_who_may_not_change_it_does_not_read_it_here(house: House, face: Face) -> None:
    path = f"/api/v1/servers/{await house.create()}/settings"
    got = await face.get(path, token=await face.token(BO))
    assert got.status == 403
    assert "Ada" in got.json["detail"]


async def test_power(house: House, face: Face) -> None:
    server = await house.create()
    path, token = f"/api/v1/servers/{server}", await face.token(ADA)
    await house.phase(server, "running")
    kept = await face.post(f"{path}/keep", json={"hours": 3}, token=token)
    assert (kept.status, kept.json["idle"]["keep_until"] is not None) == (200, True)
    assert (await face.post(f"{path}/pause", token=token)).json["desired"] == "paused"
    await house.phase(server, "paused")
    refused = await face.post(f"{path}/keep", json={}, token=token)
    assert (refused.status, refused.json["type"]) == (409, "urn:dormouse:server.not_running")
    assert (await face.post(f"{path}/restart", token=token)).status == 202
    await house.phase(server, "running")


async def test_deleted_and_brought_back(house: House, face: Face) -> None:
    server = await house.create()
    path, token = f"/api/v1/servers/{server}", await face.token(ADA)
    wrong = await face.delete(path, params={"name": "Lake"}, token=token)
    assert (wrong.status, wrong.json["type"]) == (422, "urn:dormouse:delete.name_differs")
    assert (await face.delete(path, params={"name": "pond"}, token=token)).json["purge_at"] is not None
    listed = await face.get("/api/v1/servers", params={"deleted": "true"}, token=token)
    assert [each["id"] for each in listed.json["items"]] == [server]
    assert (await face.post(f"{path}/undo", token=token)).json["desired"] == "paused"
    assert (await face.post(f"{path}/purge", json={"name": "Pond"}, token=token)).status == 409
