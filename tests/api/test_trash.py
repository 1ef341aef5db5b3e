"""The trash over REST."""

import httpx

from tests.fixtures import databases
from tests.fixtures.rest import SECRET, body

pytestmark = databases.only_sqlite
V1 = "/api/v1"


async def test_what_is_deleted_is_listed_restored_and_removed_for_good(admin: httpx.AsyncClient, viewer: httpx.AsyncClient) -> None:
    made = (await admin.post(f"{V1}/providers", json=body("mine"))).json()
    await admin.delete(f"{V1}/providers/mine")

    listed = await viewer.get(f"{V1}/trash")
    [found] = listed.json()["items"]
    assert (found["id"], found["name"], found["keys"]) == (made["id"], "mine", 1)
    assert found["purge_at"] > found["deleted_at"]
    assert SECRET not in listed.text
    assert (await viewer.post(f"{V1}/trash/{made['id']}/restore")).status_code == 403
    assert (await viewer.delete(f"{V1}/trash/{made['id']}")).status_code == 403

    assert (await admin.post(f"{V1}/trash/{made['id']}/restore")).json()["name"] == "mine"
    assert (await admin.delete(f"{V1}/trash/{made['id']}")).status_code == 404  # it is in use
    await admin.delete(f"{V1}/providers/mine")
    assert (await admin.delete(f"{V1}/trash/{made['id']}")).status_code == 204
    assert (await admin.get(f"{V1}/trash")).json()["items"] == []
    assert (await admin.post(f"{V1}/providers/mine/restore")).status_code == 404
