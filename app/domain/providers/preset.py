"""A preset: shipped, read-only description of a known vendor (`presets/*.toml`)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.domain.providers.capabilities import Capabilities
from app.domain.providers.provider import ProviderType


class Fingerprint(BaseModel):
    """How a local server shows what it is: the answer of GET `path` (below its origin, without a key) fits `pattern`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9/_.-]*$")]
    pattern: str  # a regular expression


class Preset(BaseModel):
    """One vendor. `id` is the file's name. Order in the gallery: local first, then `rank`, then label."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    label: str
    type: ProviderType
    base_url: str  # may hold {placeholders} to be replaced; without a path the API lies at the root of the host
    auth_type: str
    auth_types: list[str] = []  # the ones that make sense here; the first is `auth_type`
    local: bool = False  # runs on the reader's own machine or network
    ports: list[Annotated[int, Field(ge=1, le=65_535)]] = []  # where it may listen beside the port of `base_url`
    fingerprint: Fingerprint | None = None  # by which a search on the own network recognises it
    description: str = ""
    description_in: dict[str, str] = {}  # language → the same sentence
    key_url: str = ""  # where to get a key
    docs_url: str = ""
    key_prefixes: list[str] = []  # of this vendor's keys, for the wrong-vendor warning
    env_names: list[str] = []  # environment variables in which its key is usually kept, for what is pasted
    key_check: str = ""  # path below base_url that proves the key where the model list is public
    model_list: Literal["openai", "array", "none"] = "openai"  # "none": there is none, or it does not say what can be called
    model_list_public: bool = False  # answered without a key, so it proves none
    models: list[str] = []  # recommended identifiers, best first; for vendors that do not list theirs
    test_models: list[str] = []  # small chat models to prefer in a test
    rank: int = 100
    capabilities: Capabilities = Capabilities()  # a table, at the end of the file
    logo: str = ""  # one of app/_frontend/build/client/logos, without .svg; "" = initials
