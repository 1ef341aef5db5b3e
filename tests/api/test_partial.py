"""A start without an older master key: everything works but the secrets under it, which are said to be unreadable and entered again."""

from pathlib import Path

import httpx

from app import lifespan, web
from app.domain.actor import SYSTEM, Scope
from app.domain.providers.provider import ProviderDraft
from app.domain.secret import Sealed
from app.services import client_keys, keyring, master_key, providers
from app.vault import keyfile, ring
from tests.fixtures.databases import Database, only_sqlite
from tests.fixtures.rest import BASE, SECRET, body

V1 = "/api/v1"


@only_sqlite
async def test_what_is_under_a_lost_key_is_unreadable_and_can_be_entered_again(stored: Database, data_dir: Path) -> None:
    async with lifespan.runtime(serving=False):
        old = ring.current().active
        for name in ("lost", "sound"):
            await providers.create(SYSTEM, ProviderDraft.model_validate(body(name)))
            if name == "lost":
                await master_key.add(SYSTEM)
                await keyring.follow()
                await master_key.activate(SYSTEM)
        for name in ring.SYSTEM_KEYS:
            sealed = stored.rows(f"SELECT value FROM system_secret WHERE name = '{name}'")[0][0]  # noqa: S608 - our own names
            text = ring.current().reseal(Sealed(sealed)).text
            stored.run(f"UPDATE system_secret SET value = '{text}' WHERE name = '{name}'")  # noqa: S608 - our own text
        key = (await client_keys.issue(SYSTEM, "tests", Scope.ADMIN)).key
    keyfile.remove(data_dir / "keys" / "master.key", old)
    ring.install(None)

    async with lifespan.runtime(serving=False, allow_partial=True):
        transport = httpx.ASGITransport(web.make_web())
        async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"authorization": f"Bearer {key}"}) as rest:
            listed = {p["name"]: p["credentials"][0]["state"] for p in (await rest.get(f"{V1}/providers")).json()["items"]}
            ready = await rest.get("/health/ready")
            again = await rest.patch(f"{V1}/providers/lost", json={"credential": {"secret": {"api_key": SECRET}}})
            after = await rest.get("/health/ready")

    assert listed == {"lost": "unreadable", "sound": "active"}
    assert (ready.status_code, ready.json()["unreadable_secrets"]) == (200, 1)
    assert again.status_code == 200, again.text
    assert again.json()["credentials"][0]["state"] == "active"
    assert "unreadable_secrets" not in after.json()
