"""Providers over REST: what is answered, and that no answer holds a key."""

from typing import Any

import httpx
import pytest

from tests.fixtures.rest import PUBLIC, SECRET, body

V1 = "/api/v1"
ELSEWHERE = "https://93.184.216.35/v1"


def error(response: httpx.Response) -> dict[str, Any]:
    return response.json()["error"]


def fault(response: httpx.Response) -> str:
    """The rule that the first fault breaks."""
    return error(response)["details"]["errors"][0]["code"]


async def test_a_provider_is_created_read_changed_and_deleted(admin: httpx.AsyncClient) -> None:
    made = await admin.post(f"{V1}/providers", json=body(label="Mine", tags=["eu"], models=["a", {"identifier": "b", "label": "B"}]))
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert made.json()["effective_urls"]["chat"] == f"{PUBLIC}/chat/completions"

    changed = await admin.patch(f"{V1}/providers/mine", json={"label": "Other", "default_model": "a"})
    assert (changed.json()["label"], changed.json()["version"], changed.json()["model_count"]) == ("Other", 2, 2)

    assert (await admin.delete(f"{V1}/providers/mine")).status_code == 204
    assert (await admin.get(f"{V1}/providers/mine")).status_code == 404
    assert (await admin.post(f"{V1}/providers/mine/restore")).json()["label"] == "Other"


async def test_a_key_is_shown_as_a_hint_and_nowhere_else(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    [credential] = saved["credentials"]

    assert (credential["is_set"], credential["hint"], credential["state"]) == (True, SECRET[-4:], "active")


async def test_no_answer_holds_the_key(admin: httpx.AsyncClient, saved: dict[str, Any], contract: Any) -> None:
    await admin.patch(f"{V1}/providers/mine", json={"credential": {"secret": {"api_key": f"{SECRET}-2"}}})
    await admin.post(f"{V1}/providers", json=body("second", base_url="ftp://x"))
    key_id = (await admin.post(f"{V1}/client-keys", json={"name": "app"})).json()["client_key"]["id"]
    leading = {"name": "any", "targets": [{"provider": "mine", "model": "alpha"}]}
    user_id = (await admin.get(f"{V1}/users")).json()["items"][0]["id"]
    alias_id = (await admin.post(f"{V1}/aliases", json=leading)).json()["id"]
    seen = []
    for path, item in contract.document["paths"].items():
        if "get" in item:
            filled = path.replace("{name}", "mine").replace("{preset}", "groq").replace("{key_id}", key_id)
            filled = filled.replace("{alias_id}", alias_id).replace("{user_id}", user_id)
            filled = filled.replace("{credential_id}", saved["credentials"][0]["id"])
            response = await admin.get(filled)
            assert response.status_code == 200, path
            seen.append(response.text)

    assert len(seen) > 10
    assert not any(part in text for text in seen for part in (SECRET, SECRET[:12], SECRET[-12:]))


async def test_what_was_read_and_is_put_back_changes_nothing(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    await admin.post(f"{V1}/providers/mine/models/sync", json={"add": ["beta"], "default": "beta"})
    shown = (await admin.get(f"{V1}/providers/mine")).json()

    back = await admin.put(f"{V1}/providers/mine", json=shown)

    assert (back.status_code, back.json()) == (200, shown)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        pytest.param({"label": "Alone"}, "base_url", id="one field"),
        pytest.param({"base_url": PUBLIC, "models": []}, "models", id="what lies below"),
        pytest.param({"base_url": PUBLIC, "credential": {"secret": {"api_key": SECRET}}}, "credential", id="a key"),
        pytest.param({"base_url": PUBLIC, "colour": "red"}, "colour", id="what nobody knows"),
    ],
)
async def test_a_put_of_less_or_more_than_a_provider_is_refused(
    admin: httpx.AsyncClient, saved: dict[str, Any], sent: dict[str, Any], field: str
) -> None:
    response = await admin.put(f"{V1}/providers/mine", json=sent)

    assert (response.status_code, error(response)["field"]) == (422, field)
    assert (await admin.get(f"{V1}/providers/mine")).json() == saved


async def test_objects_of_a_patch_merge_and_null_is_the_default(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    at = f"{V1}/providers/mine"
    whole = {
        "limits": {"requests_per_minute": 30, "concurrent": 2},
        "network": {"connect_seconds": 5, "total_seconds": 90},
        "capabilities": {"tools": "no", "context_limit": 8000},
        "tags": ["a", "b"],
    }
    await admin.patch(at, json=whole)

    merged = (
        await admin.patch(at, json={"limits": {"concurrent": 7}, "network": {"idle_seconds": 9}, "capabilities": {"images": "yes"}})
    ).json()
    cleared = await admin.patch(
        at, json={"limits": {"concurrent": None}, "network": {"connect_seconds": None}, "capabilities": {"tools": None}, "tags": ["c"]}
    )
    defaults = (await admin.patch(at, json=dict.fromkeys(whole))).json()

    assert merged["limits"] == {"requests_per_minute": 30, "concurrent": 7}
    assert {f: v for f, v in merged["network"].items() if v} == {"connect_seconds": 5, "idle_seconds": 9, "total_seconds": 90}
    assert (merged["capabilities"]["tools"], merged["capabilities"]["images"]) == ("no", "yes")
    after = cleared.json()
    assert after["limits"] == {"requests_per_minute": 30, "concurrent": 0}
    assert after["network"]["connect_seconds"] is None
    assert (after["capabilities"]["tools"], after["capabilities"]["context_limit"], after["tags"]) == ("unknown", 8000, ["c"])
    assert {f: defaults[f] for f in whole} == {f: saved[f] for f in whole}


async def test_the_fields_of_a_sign_in_merge_too(admin: httpx.AsyncClient) -> None:
    given = {"token_url": "https://93.184.216.34/token", "scope": "all", "client_id": "patchbay"}
    made = await admin.post(
        f"{V1}/providers", json=body("signed", auth_type="oauth", auth=given, credential={"secret": {"client_secret": SECRET}})
    )
    assert made.status_code == 201, made.text

    changed = await admin.patch(f"{V1}/providers/signed", json={"auth": {"scope": "some"}})
    cleared = await admin.patch(f"{V1}/providers/signed", json={"auth": {"scope": None}})

    assert changed.json()["auth"] == made.json()["auth"] | {"scope": "some"}
    assert cleared.json()["auth"].get("scope", "") == ""
    assert cleared.json()["auth"]["token_url"] == given["token_url"]


@pytest.mark.parametrize("mask", [f"••••{SECRET[-4:]}", "●●●●●●", "sk-***", SECRET[-4:]])
async def test_a_mask_posted_back_is_refused(admin: httpx.AsyncClient, saved: dict[str, Any], mask: str) -> None:
    sent = {"credential": {"secret": {"api_key": mask}}, "base_url": PUBLIC}

    response = await admin.patch(f"{V1}/providers/mine", json=sent)

    assert (response.status_code, fault(response)) == (422, "masked_secret")
    assert error(response)["field"] == "credential.secret.api_key"
    assert (await admin.get(f"{V1}/providers/mine")).json()["credentials"] == saved["credentials"]


async def test_a_mask_is_refused_on_create(admin: httpx.AsyncClient) -> None:
    response = await admin.post(f"{V1}/providers", json=body(credential={"secret": {"api_key": "••••4f2a"}}))

    assert (response.status_code, fault(response)) == (422, "masked_secret")


async def test_a_stale_save_is_412_and_says_what_changed(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    await admin.patch(f"{V1}/providers/mine", json={"label": "Theirs"}, headers={"if-match": '"1"'})

    for response in (
        await admin.patch(f"{V1}/providers/mine", json={"label": "Mine"}, headers={"if-match": '"1"'}),
        await admin.patch(f"{V1}/providers/mine", json={"label": "Mine", "version": 1}),
        await admin.put(f"{V1}/providers/mine", json={"base_url": PUBLIC, "label": "Mine", "version": 1}),
        await admin.delete(f"{V1}/providers/mine", headers={"if-match": "1"}),
    ):
        assert (response.status_code, error(response)["code"]) == (412, "stale")
        assert error(response)["details"]["changed"] == {"label": "Theirs"}


async def test_a_version_that_is_none_is_refused(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    response = await admin.patch(f"{V1}/providers/mine", json={"label": "x"}, headers={"if-match": "latest"})

    assert (response.status_code, error(response)["field"]) == (422, "If-Match")


async def test_another_host_asks_for_the_key_again(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    refused = await admin.patch(f"{V1}/providers/mine", json={"base_url": ELSEWHERE})
    assert (refused.status_code, error(refused)["code"]) == (409, "credential_reentry_required")
    assert error(refused)["details"]["credential_ids"] == [saved["credentials"][0]["id"]]

    detached = await admin.patch(f"{V1}/providers/mine", json={"base_url": ELSEWHERE, "detach": True})
    assert (detached.status_code, detached.json()["status"]) == (200, "unreadable")

    entered = await admin.patch(f"{V1}/providers/mine", json={"credential": {"secret": {"api_key": SECRET}}})
    assert entered.json()["credentials"][0]["origin"] == "https://93.184.216.35:443"
    assert entered.json()["status"] == "not_tested"


async def test_null_is_no_way_to_clear_a_key(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    for response in (
        await admin.patch(f"{V1}/providers/mine", json={"credential": None}),
        await admin.post(f"{V1}/providers", json=body("other", credential=None)),
        await admin.post(f"{V1}/providers/from-preset", json={"preset": "groq", "credential": None}),
    ):
        assert (response.status_code, error(response)["field"]) == (422, "credential")


@pytest.mark.parametrize(
    "name", ["validate", "test", "presets", "from-preset", "registry-status", "refresh-registry", "health", "models", "default"]
)
async def test_a_word_of_the_interface_is_no_name(admin: httpx.AsyncClient, name: str) -> None:
    response = await admin.post(f"{V1}/providers", json=body(name))

    assert (response.status_code, fault(response), error(response)["suggestions"]) == (422, "name_reserved", [f"{name}-1"])


async def test_a_taken_name_is_409_with_a_free_one(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    response = await admin.post(f"{V1}/providers", json=body())

    assert (response.status_code, error(response)["code"], error(response)["suggestions"]) == (409, "name_taken", ["mine-2"])


@pytest.mark.parametrize(
    ("typed", "base_url", "note"),
    [
        pytest.param(f"{PUBLIC}/v1", PUBLIC, "version_doubled", id="doubled"),
        pytest.param(f"{PUBLIC}/chat/completions", PUBLIC, "path_trimmed", id="a whole address"),
        pytest.param("https://93.184.216.34", PUBLIC, "version_added", id="missing"),
    ],
)
async def test_an_address_is_mended_and_the_draft_says_how(admin: httpx.AsyncClient, typed: str, base_url: str, note: str) -> None:
    seen = await admin.post(f"{V1}/providers/validate", json=body(base_url=typed))
    made = await admin.post(f"{V1}/providers", json=body(base_url=typed))

    assert (seen.json()["base_url"], seen.json()["notes"]) == (base_url, [note])
    assert made.json()["base_url"] == base_url


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://[::ffff:169.254.169.254]/v1",
        "http://2852039166/v1",
        "http://168.63.129.16/v1",
        "http://127.0.0.1:8700/v1",
        "http://localhost:5432/v1",
        "https://user:pass@93.184.216.34/v1",
        "https://{resource}.example.com/v1",
        "file:///etc/passwd",
    ],
)
async def test_an_address_nobody_may_call_is_not_saved(admin: httpx.AsyncClient, url: str) -> None:
    response = await admin.post(f"{V1}/providers", json=body(base_url=url, auth_type="none", credential=...))

    assert (response.status_code, error(response)["field"]) == (422, "base_url")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        pytest.param({"api_key": SECRET}, "api_key", id="unknown field"),
        pytest.param({SECRET: 1}, None, id="a key where a field belongs"),
        pytest.param({"base_url": {"x": SECRET}}, "base_url", id="wrong type"),
        pytest.param({"type": SECRET}, "type", id="not one of"),
        pytest.param({"network": {"total_seconds": SECRET}}, "network.total_seconds", id="not a number"),
        pytest.param({"credential": {"secret": {"other": SECRET}}}, "credential.secret", id="a secret nobody asked for"),
        pytest.param({"credential": {"secret": {SECRET: SECRET}}}, "credential.secret", id="a key as a field of the secret"),
        pytest.param({"credential": {"secret": SECRET}}, "credential.secret", id="a secret that is no object"),
    ],
)
async def test_what_does_not_fit_is_named_and_never_repeated(admin: httpx.AsyncClient, sent: dict[str, Any], field: str | None) -> None:
    response = await admin.post(f"{V1}/providers", json=body(**sent))

    assert (response.status_code, error(response)["field"]) == (422, field)
    assert SECRET not in response.text


async def test_broken_json_is_named_and_never_repeated(admin: httpx.AsyncClient) -> None:
    response = await admin.post(f"{V1}/providers", content=f'{{"key": "{SECRET}"'.encode(), headers={"content-type": "application/json"})

    assert (response.status_code, SECRET in response.text) == (400, False)


async def test_the_list_pages_filters_and_refuses_what_it_does_not_know(admin: httpx.AsyncClient) -> None:
    for name in ("a1", "b2", "c3"):
        await admin.post(f"{V1}/providers", json=body(name, tags=["x"]))

    first = (await admin.get(f"{V1}/providers", params={"limit": 2, "tag": "x", "sort": "name"})).json()
    rest = (await admin.get(f"{V1}/providers", params={"limit": 2, "tag": "x", "sort": "name", "cursor": first["next_cursor"]})).json()
    assert [p["name"] for p in first["items"] + rest["items"]] == ["a1", "b2", "c3"]
    assert (first["total"], rest["next_cursor"]) == (3, None)

    for params in ({"limit": 101}, {"sort": "secret"}, {"colour": "red"}, {"cursor": "x"}, {"status": "fine"}):
        assert (await admin.get(f"{V1}/providers", params=params)).status_code == 422


async def test_known_vendors_are_listed_and_used(admin: httpx.AsyncClient) -> None:
    listed = [p["id"] for p in (await admin.get(f"{V1}/providers/presets")).json()["items"]]
    assert {"ollama", "groq", "openrouter"} <= set(listed)
    assert (await admin.get(f"{V1}/providers/presets/groq")).json()["base_url"] == "https://api.groq.com/openai/v1"
    assert error(await admin.get(f"{V1}/providers/presets/nobody"))["code"] == "preset_not_found"

    made = await admin.post(
        f"{V1}/providers/from-preset", json={"preset": "groq", "base_url": PUBLIC, "credential": {"secret": {"api_key": SECRET}}}
    )
    assert (made.status_code, made.json()["name"], made.json()["type"], made.json()["preset"]) == (201, "groq", "openai", "groq")
    assert error(await admin.post(f"{V1}/providers/from-preset", json={"preset": "nobody"}))["code"] == "preset_not_found"


async def test_one_provider_is_the_default_until_it_is_said_otherwise(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    assert saved["is_default"] is False
    assert (await admin.post(f"{V1}/providers/mine/default")).json()["is_default"] is True

    off = (await admin.post(f"{V1}/providers/mine/disable")).json()
    assert (off["enabled"], off["is_default"], off["status"]) == (False, True, "off")
    assert (await admin.post(f"{V1}/providers/mine/enable")).json()["is_default"] is True
    off = (await admin.post(f"{V1}/providers/mine/disable", json={"next_default": None})).json()
    assert (off["enabled"], off["is_default"]) == (False, False)
    assert error(await admin.post(f"{V1}/providers/mine/default"))["code"] == "provider_disabled"
    await admin.post(f"{V1}/providers/mine/enable")
    await admin.post(f"{V1}/providers/mine/default")
    assert (await admin.post(f"{V1}/providers", json=body("next"))).status_code == 201
    assert (await admin.delete(f"{V1}/providers/mine?next_default=next")).status_code == 204
    assert (await admin.get(f"{V1}/providers/next")).json()["is_default"] is True


async def test_the_registry_follows_a_save_at_once_and_can_be_refreshed(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    before = (await admin.get(f"{V1}/providers/registry-status")).json()
    after = (await admin.post(f"{V1}/providers/refresh-registry")).json()

    assert before["revision"] == 1
    assert after["revision"] == 2


async def test_the_history_of_a_provider_is_its_own(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    await admin.post(f"{V1}/providers", json=body("other"))
    await admin.patch(f"{V1}/providers/mine", json={"label": "New"})

    items = (await admin.get(f"{V1}/providers/mine/audit")).json()["items"]

    assert [item["action"] for item in items] == ["provider:config:update", "provider:config:create", "credential:secret:set"]
    assert items[0]["changes"]["label"] == {"before": "mine", "after": "New"}
    assert items[0]["actor"]["name"] == "Ada"
    assert items[0]["request_id"]


HEADER = {"auth_type": "custom_header", "auth": {"header_name": "X-Api-Key"}, "credential": {"secret": {"header_value": f"Basic {SECRET}"}}}


async def test_a_key_in_a_header_of_its_own_is_saved_changed_and_never_shown(admin: httpx.AsyncClient) -> None:
    made = await admin.post(f"{V1}/providers", json=body(**HEADER))
    assert (made.status_code, made.json()["auth"]) == (201, {"header_name": "X-Api-Key"})
    [before] = made.json()["credentials"]

    renamed = await admin.patch(f"{V1}/providers/mine", json={"auth": {"header_name": "X-Other"}})
    assert (renamed.json()["auth"], renamed.json()["credentials"]) == ({"header_name": "X-Other"}, [before])
    replaced = await admin.patch(f"{V1}/providers/mine", json={"credential": {"secret": {"header_value": f"{SECRET}-2"}}})
    assert replaced.json()["credentials"][0]["fingerprint"] != before["fingerprint"]

    history = (await admin.get(f"{V1}/providers/mine/audit")).text
    assert "X-Other" in history
    assert not any(SECRET in text for text in (made.text, renamed.text, replaced.text, history))


@pytest.mark.parametrize("name", ["Host", "Cookie", "X Key", ""])
async def test_a_header_that_cannot_carry_a_key_is_refused_at_its_field(admin: httpx.AsyncClient, name: str) -> None:
    response = await admin.post(f"{V1}/providers", json=body(**HEADER | {"auth": {"header_name": name}}))

    assert (response.status_code, error(response)["field"]) == (422, "auth.header_name")
    assert SECRET not in response.text


async def test_an_address_at_the_root_of_its_host_stays_there(admin: httpx.AsyncClient) -> None:
    root = PUBLIC.removesuffix("/v1")
    made = await admin.post(f"{V1}/providers", json=body(base_url=root, at_root=True))
    assert (made.json()["base_url"], made.json()["at_root"]) == (root, True)
    assert made.json()["effective_urls"]["chat"] == f"{root}/chat/completions"

    relabelled = await admin.patch(f"{V1}/providers/mine", json={"label": "Other"})
    assert relabelled.json()["base_url"] == root
    back = await admin.patch(f"{V1}/providers/mine", json={"at_root": False})
    assert (back.json()["base_url"], back.json()["at_root"]) == (PUBLIC, False)


async def test_what_a_provider_can_do_is_declared_changed_and_cleared(admin: httpx.AsyncClient) -> None:
    made = await admin.post(f"{V1}/providers", json=body(capabilities={"streaming": "no", "context_limit": 32_000, "test_path": "/health"}))
    shown = made.json()["capabilities"]
    assert (shown["streaming"], shown["tools"], shown["context_limit"], shown["test_path"]) == ("no", "unknown", 32_000, "/health")

    kept = await admin.patch(f"{V1}/providers/mine", json={"label": "Other"})
    assert kept.json()["capabilities"] == shown
    cleared = await admin.patch(f"{V1}/providers/mine", json={"capabilities": None})
    assert set(cleared.json()["capabilities"].values()) == {"unknown", None, ""}
    chosen = await admin.post(f"{V1}/providers/from-preset", json={"preset": "groq", "capabilities": {"images": "no"}})
    assert chosen.json()["capabilities"]["images"] == "no"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"test_path": "/a?b=1"}, "capabilities.test_path"),
        ({"test_path": "//evil.example"}, "capabilities.test_path"),
        ({"context_limit": 0}, "capabilities.context_limit"),
        ({"streaming": "perhaps"}, "capabilities.streaming"),
        ({"flying": "yes"}, "capabilities.flying"),
    ],
)
async def test_an_ability_that_makes_no_sense_is_refused_at_its_field(admin: httpx.AsyncClient, wrong: dict[str, Any], field: str) -> None:
    response = await admin.post(f"{V1}/providers", json=body(capabilities=wrong))

    assert (response.status_code, error(response)["field"]) == (422, field)
